"""Write what was measured in memory: requests and the slowest of them, answers of sources, statements, and the slow
ones with their plans."""

import time

from db import latency, slow_requests, telemetry
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
            await latency.add(context.db, context.instance, requests.intervals)
        except BaseException:
            context.requests.put_back(requests)
            raise
    if slowest := context.requests.drain_slow():
        try:
            await slow_requests.add(context.db, context.instance, slowest)
        except BaseException:
            context.requests.put_back_slow(slowest)
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
