from collections.abc import AsyncIterator

import pytest

from db.database import Database
from db.diagnosis import target
from db.diagnosis.target import Target, WatchedDatabase
from db.measure import QueryRecorder


@pytest.fixture
def ours(db: Database) -> Target:
    """Our own database, freshly migrated."""
    return target.own(db)


@pytest.fixture
async def theirs(any_database: str) -> AsyncIterator[Target]:
    """An empty database of somebody else's, on each PostgreSQL in turn."""
    db = WatchedDatabase(any_database, QueryRecorder(slow_query_ms=1000))
    await db.open()
    yield Target("theirs@localhost", db, None)
    await db.close()
