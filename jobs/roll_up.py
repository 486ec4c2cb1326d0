"""Roll up the telemetry of hours that are over, and keep its partitions: made ahead, dropped when too old."""

import asyncio
from datetime import timedelta

from db import partitions, rollup
from jobs.context import Context

EVERY = timedelta(minutes=1)


async def run(context: Context) -> int:
    """How many hours were rolled up and partitions made or dropped."""
    maintain = context.watching.timed_apart("rolling_up", partitions.maintain)
    hours = await rollup.roll_up(context.db)
    return hours + await asyncio.to_thread(maintain, context.db.conninfo())
