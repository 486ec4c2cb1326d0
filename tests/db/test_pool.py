"""How long a connection was waited for, how often one was used again, and how old they are."""

import asyncio

import pytest

from db import histogram
from db.database import Database
from db.errors import DatabaseDown


async def test_connections_are_counted_when_made_and_whenever_handed_out(db: Database) -> None:
    before = db.pool_state().use
    for _ in range(5):
        await db.rows("runs.controls")
    after = db.pool_state().use
    assert after.handed_out == before.handed_out + 5
    assert after.waits.sum() == before.waits.sum() + 5
    assert after.made == before.made == db.pool_state().size
    assert after.reuse == after.handed_out / after.made


async def test_who_waits_for_a_connection_is_known_by_how_long(db: Database) -> None:
    before = db.pool_state().use.waits
    held = [await db.pool.getconn() for _ in range(4)]
    waiting = asyncio.create_task(db.pool.getconn())
    await asyncio.sleep(0.05)
    await db.pool.putconn(held.pop())
    held.append(await waiting)
    waits = db.pool_state().use.waits - before
    for connection in held:
        await db.pool.putconn(connection)
    (most,) = histogram.quantiles(waits, (1.0,))
    assert waits.sum() == 5
    assert most is not None
    assert most >= 0.99 * 0.05  # a busy machine may let it wait for longer


async def test_waiting_in_vain_counts_too(db: Database) -> None:
    held = [await db.pool.getconn() for _ in range(4)]
    before = db.pool_state().use
    db.pool.timeout = 0.05
    with pytest.raises(DatabaseDown):
        await db.rows("runs.controls")
    after = db.pool_state().use
    for connection in held:
        await db.pool.putconn(connection)
    assert after.handed_out == before.handed_out
    assert after.waits.sum() == before.waits.sum() + 1


async def test_ages_are_those_of_open_connections(db: Database) -> None:
    await asyncio.sleep(0.02)
    use = db.pool_state().use
    assert use.oldest_seconds is not None
    assert use.mean_age_seconds is not None
    assert 0.02 <= use.mean_age_seconds <= use.oldest_seconds < 10
    await db.close()
    assert db.pool_state().use.oldest_seconds is None


async def test_statements_that_reused_a_prepared_one_are_told_beside_all(db: Database) -> None:
    before = db.pool_state()
    async with db.transaction() as session:
        for _ in range(6):
            await session.rows("runs.controls")
    after = db.pool_state()
    assert after.executions - before.executions == 6
    assert after.reuses - before.reuses == 3
