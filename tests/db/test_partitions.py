"""Time is kept in partitions that are made ahead and dropped whole."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from db import partitions
from db.database import Database, with_schema
from tests.conftest import SCHEMA
from tests.stored import partition, sql

NOW = datetime.now(UTC)
COUNT = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'slow_queries'::regclass"
INSERT = "INSERT INTO slow_queries VALUES (DEFAULT, %s, 'me', 'x', 'y', 1, 0)"


@pytest.fixture
def conninfo(db: Database, database_url: str) -> str:
    return with_schema(database_url, SCHEMA)


async def test_partitions_are_there_before_they_are_needed_and_made_once(db: Database, conninfo: str) -> None:
    await sql(db, INSERT, NOW + partitions.AHEAD)
    partitions.maintain(conninfo)  # the hour may just have turned
    assert partitions.maintain(conninfo) == 0


async def test_what_is_too_old_goes_by_the_partition(db: Database, conninfo: str) -> None:
    for days in (40, 1):
        day = NOW.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days)
        await partition(db, "slow_queries", day, day + timedelta(days=1))
        await sql(db, INSERT, day)
    before = await sql(db, COUNT)
    assert partitions.maintain(conninfo) > 0
    assert await sql(db, COUNT) < before
    assert await sql(db, "SELECT count(*) FROM slow_queries") == [(1,)]


async def test_none_is_made_for_what_would_not_be_kept(conninfo: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        assert partitions.ensure(connection, NOW - timedelta(days=400)) > 40
        assert partitions.drop_old(connection, NOW - timedelta(days=400)) == 0


async def test_fresh_intervals_stay_until_they_are_rolled_up(db: Database, conninfo: str) -> None:
    hour = NOW.replace(minute=0, second=0, microsecond=0)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        partitions.ensure(connection, hour - timedelta(hours=5))
    await sql(db, "UPDATE rolled_up SET until = %s", hour - timedelta(hours=4))
    await sql(db, "INSERT INTO latency_live VALUES (%s, 'me', '')", hour - timedelta(hours=3))
    partitions.maintain(conninfo)
    assert await sql(db, "SELECT count(*) FROM latency_live") == [(1,)]
    await sql(db, "UPDATE rolled_up SET until = %s", hour)
    partitions.maintain(conninfo)
    assert await sql(db, "SELECT count(*) FROM latency_live") == [(0,)]
