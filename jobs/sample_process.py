"""Store this second's figures of the process, as the pulse shows them."""

from datetime import UTC, datetime

from db import instances, samples
from jobs.context import Context


async def run(context: Context) -> int:
    """How many series were stored; also says that the process is still there."""
    await instances.beat(context.db, context.instance)
    sample = context.process.read()
    values: dict[str, float | None] = {
        "rss": sample.rss_bytes,
        "cpu": sample.cpu_percent,
        "threads": sample.threads,
        "open_files": sample.open_files,
        "gc_collections": sum(sample.gc_runs),
        "pool_in_use": context.db.pool_state().in_use,
    }
    frame = context.pulse.latest
    if frame is not None:
        values |= frame.series
    await samples.add(context.db, context.process_name, context.instance, datetime.now(UTC), values)
    return len(values)
