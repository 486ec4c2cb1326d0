"""Whether our own pool is large enough."""

from datetime import UTC, datetime, timedelta

import pytest

from db import samples
from db.database import Database
from db.diagnosis.pool import LONG_WAIT_MS, TOO_LONG_WAIT_MS, Pool, judged, pool
from db.pool import PoolState

CALM = PoolState(size=4, in_use=1, waiting=0, limit=20)
USED_UP = PoolState(size=20, in_use=20, waiting=3, limit=20)


async def test_it_is_told_as_it_is_now_and_as_it_was_stored_lately(db: Database) -> None:
    now = datetime.now(UTC)
    for minutes, wait, prepared in ((1, 2.0, 90.0), (2, 4.0, 70.0), (9, 900.0, 1.0)):
        at = now - timedelta(minutes=minutes)
        await samples.add(db, "app", "app-1", at, {"pool_wait": wait, "prepared_reuse": prepared})
    found = await pool(db)
    assert (found.state.limit, found.state.in_use) == (4, 0), "the question itself is not in use"
    assert (found.wait_ms, found.prepared_percent) == (pytest.approx(3), pytest.approx(80))
    assert judged(found) == []


async def test_before_anything_was_stored_nothing_is_said_of_waits(db: Database) -> None:
    found = await pool(db)
    assert (found.wait_ms, found.prepared_percent) == (None, None)
    assert judged(found) == []


@pytest.mark.parametrize(
    ("state", "wait_ms", "severity", "words"),
    [
        (USED_UP, None, "bad", "3 requests wait for a connection: all 20 that the pool may open"),
        (CALM, LONG_WAIT_MS, "watch", "5 of 100 requests waited 50 ms or more"),
        (CALM, TOO_LONG_WAIT_MS, "bad", "5 of 100 requests waited 500 ms or more"),
    ],
)
def test_a_pool_that_is_too_small_is_called_so(
    state: PoolState, wait_ms: float | None, severity: str, words: str
) -> None:
    (finding,) = judged(Pool(state, wait_ms, None))
    assert (finding.severity, finding.sentence[: len(words)]) == (severity, words)
    assert "DATABASE_POOL_SIZE" in finding.sentence


def test_nothing_is_said_of_a_pool_in_which_nobody_waits() -> None:
    assert judged(Pool(CALM, LONG_WAIT_MS - 1, 50.0)) == []
    assert judged(Pool(PoolState(size=20, in_use=20, waiting=0, limit=20), 0.1, 90.0)) == []
