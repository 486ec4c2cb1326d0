"""Compare readings with the alert rules, try to help first, and send what changed."""

from datetime import UTC, datetime

import structlog

from collectors.process import ProcessSample, release_memory, rss_bytes
from db import alerts, samples
from jobs.alert_rules import MEMORY
from jobs.context import Context
from jobs.notify import send_unsent
from jobs.probe_alerts import check_probe_alerts
from jobs.source_alerts import check_sources

log = structlog.get_logger()

MIB = 2**20


async def run(context: Context) -> int:
    """How many alerts changed or were sent."""
    changed = (
        int(await check_memory(context)) + await check_sources(context) + await check_probe_alerts(context)
    )
    return changed + await send_unsent(context)


async def check_memory(context: Context) -> bool:
    """Whether the memory alert changed. Before it fires, garbage is collected and freed memory handed back."""
    sample, streak = context.process.read(), context.memory_streak
    state = await alerts.state(context.db, MEMORY.name, context.instance)
    percent = _percent(sample, sample.rss_bytes)
    freed: int | None = None
    new = streak.reading(state, percent)
    if (state, new) == ("ok", "firing"):
        freed = release_memory()
        percent = _percent(sample, rss_bytes())
        log.info("memory released", freed_bytes=freed)
        await samples.add(
            context.db, context.process_name, context.instance, datetime.now(UTC), {"memory_freed": freed}
        )
        if percent <= MEMORY.fire_above:
            return False
    if new == state:
        return False
    threshold = MEMORY.fire_above if new == "firing" else MEMORY.clear_below
    change = alerts.Change(
        MEMORY.name, context.instance, state, new, percent, threshold, _message(sample, new, percent), freed
    )
    return await alerts.change(context.db, change)


def _percent(sample: ProcessSample, rss: int) -> float:
    return 100 * rss / sample.memory_limit_bytes


def _message(sample: ProcessSample, new: alerts.State, percent: float) -> str:
    limit = f"{sample.memory_limit_bytes / MIB:,.0f} MiB ({sample.memory_limit_from})"
    if new == "firing":
        return f"Memory at {percent:.0f} % of {limit}, above {MEMORY.fire_above:.0f} %"
    return f"Memory back at {percent:.0f} % of {limit}, below {MEMORY.clear_below:.0f} %"
