"""Write what was measured in memory: requests and the slowest of them, answers of sources, statements, and the slow
ones with their plans."""

import time

from db import latency, slow_queries, slow_requests, statement_times
from jobs import source_health
from jobs.context import Context

PLANNING_SECONDS = 3.0


async def run(context: Context) -> int:
    """How many requests, answers and statements went into the rows.

    What was drained is put back when PostgreSQL is away, so an outage costs resolution in time, not counts.
    """
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
    return ended + answers + await _store_statements(context)


async def _store_statements(context: Context) -> int:
    """How many executions went into the rows; what is slow is explained until PLANNING_SECONDS have passed."""
    drained = context.db.recorder.drain()
    calls, planning_ends = drained.calls, time.monotonic() + PLANNING_SECONDS
    try:
        await statement_times.add(context.db, context.instance, drained)
        drained.intervals.clear()
        while drained.slow:
            in_time = time.monotonic() < planning_ends
            await slow_queries.add(context.db, context.instance, drained.slow[0], with_plan=in_time)
            drained.slow.pop(0)
    except BaseException:
        context.db.recorder.put_back(drained)
        raise
    return calls
