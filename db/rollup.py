"""Every hour that is over becomes rows of the coarser levels, in one transaction, once."""

from datetime import UTC, datetime

from db import latency, samples, statement_totals
from db.counts import CountStore
from db.database import Database
from db.levels import DAY, HOUR

GRACE_SECONDS = 60  # how long processes may take to store their last interval
STORES: tuple[CountStore, ...] = (latency.STORE, statement_totals.TIMES, statement_totals.SUMS)
LONGER = ((DAY, HOUR), (30 * DAY, DAY))  # an interval, and those it is made of


async def roll_up(db: Database, now: float | None = None) -> int:
    """Roll up every hour that is over and not yet rolled up; how many those were.

    Args:
        now: epoch seconds.
    """
    moment = datetime.now(UTC).timestamp() if now is None else now
    hours = 0
    while await _roll_up_next(db, moment):
        hours += 1
    return hours


async def _roll_up_next(db: Database, now: float) -> bool:
    async with db.transaction() as session:
        begin = int((await session.value("rollup.begin")).timestamp())
        end = begin + HOUR
        if end + GRACE_SECONDS > now:
            return False
        for store in STORES:
            await store.roll_up_hour(session, begin, now)
        await samples.roll_up_hour(session, begin, now)
        for width, of_width in LONGER:
            if end % width == 0:
                for store in STORES:
                    await store.roll_up_longer(session, width, end - width, of_width)
                await samples.roll_up_longer(session, width, end - width, of_width)
        await session.execute("rollup.move_on", until=datetime.fromtimestamp(end, UTC))
    return True
