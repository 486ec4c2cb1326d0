"""Store ten seconds' figures: those of the pulse, and what is too dear for every second."""

import asyncio
from datetime import UTC, datetime, timedelta

from collectors import heap
from db import cache_history, instances, samples, series
from jobs.context import Context
from jobs.sampling import Values

SPAN = timedelta(seconds=10)  # how often it runs


async def run(context: Context) -> int:
    """How many series were stored; also says that the process is still there."""
    await instances.beat(context.db, context.instance)
    values: Values = {
        **_lately(context),
        **await _heap(context),
        **await context.vitals.read(context.db),
        **context.watching.take(),
        **cache_history.named(context.cache_rates()),
    }
    known = {name: value for name, value in values.items() if value is not None}
    await samples.add(context.db, context.process_name, context.instance, datetime.now(UTC), known)
    return len(known)


def _lately(context: Context) -> Values:
    """Each series' value of the last ten seconds; of this moment where no pulse beats, as in a worker."""
    since = (datetime.now(UTC) - SPAN).timestamp()
    seconds = [frame.series for frame in context.pulse.frames if frame.at > since]
    if not seconds:
        seconds = [context.sampling.second(context.process.read(), context.db.pool_state())]
    return dict(series.within_interval(seconds))


async def _heap(context: Context) -> Values:
    """In a thread of its own, because the kernel takes 2 ms."""
    found = await asyncio.to_thread(context.watching.timed_apart("sampling", heap.read))
    return {
        "pss": found.pss,
        "heap": found.anonymous,
        "malloc_used": found.malloc_used,
        "malloc_free": found.malloc_free,
        "python_blocks": found.python_blocks,
    }
