"""A process that does what is wanted, to be killed at it: `python -m tests.db.advice.changer CONNINFO`."""

import asyncio
import sys

from db.advice.apply import apply_wanted
from db.database import Database
from db.diagnosis import target
from db.measure import QueryRecorder
from tests.conftest import SCHEMA


async def change(conninfo: str) -> None:
    database = Database(conninfo, SCHEMA, QueryRecorder(slow_query_ms=1e6), pool_size=2)
    await database.open()
    await apply_wanted(database, target.own(database), "to be killed")


if __name__ == "__main__":
    asyncio.run(change(sys.argv[1]))
