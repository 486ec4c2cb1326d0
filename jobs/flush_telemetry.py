"""Write what was measured in memory: requests, answers of sources, statements, and the slow ones with their plans."""

import time
from collections.abc import Iterator

from db import histogram, telemetry
from db import requests as noted
from jobs import source_health
from jobs.context import Context


async def run(context: Context) -> int:
    """How many requests, answers and statements went into the rows.

    What was drained is put back when PostgreSQL is away, so an outage costs resolution in time, not counts.
    """
    at = telemetry.interval_start(time.time())
    requests = context.requests.drain()
    ended = requests.count
    if requests:
        try:
            for start, found in list(requests.intervals.items()):
                await telemetry.add_latency(
                    context.db, context.instance, telemetry.interval_start(start), _rows(found)
                )
                del requests.intervals[start]
        except BaseException:
            context.requests.put_back(requests)
            raise
    answers = await source_health.store(context)
    stats, slow = context.db.recorder.drain()
    counted = sum(each.calls for each in stats.values())
    try:
        await telemetry.add_query_stats(context.db, context.instance, at, stats)
        stats = {}
        while slow:
            await telemetry.add_slow_query(context.db, context.instance, slow[0])
            slow.pop(0)
    except BaseException:
        context.db.recorder.put_back(stats, slow)
        raise
    return ended + answers + counted


def _rows(found: noted.Interval) -> Iterator[telemetry.RouteInterval]:
    """An interval as rows; sum and maximum are the histogram's, within 1 %."""
    for (route, method, status_class), counts in found.items():
        total, longest = _sum_and_max(counts)
        yield telemetry.RouteInterval(
            route, method, status_class, int(counts.sum()), total, longest, histogram.encode(counts)
        )


def _sum_and_max(counts: histogram.Counts) -> tuple[float, float]:
    used = counts.nonzero()[0]
    middles = 2 * histogram.GAMMA**used / (histogram.GAMMA + 1) / 1e6
    return float((middles * counts[used]).sum()), float(middles[-1])
