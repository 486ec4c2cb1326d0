"""Roll up the telemetry of hours that are over, and keep its partitions: made ahead, dropped when too old."""

import asyncio
from datetime import timedelta

from db import partitions, rollup
from jobs.context import Context

EVERY = timedelta(minutes=1)


async def run(context: Context) -> int:
    """How many hours were rolled up and partitions made or dropped."""
    hours = await rollup.roll_up(context.db)
    return hours + await asyncio.to_thread(partitions.maintain, context.db.conninfo())
