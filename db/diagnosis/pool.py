"""Our own pool of connections: what it does now, how it did lately, and whether it is large enough."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import fmean

from db import samples
from db.database import Database
from db.diagnosis.finding import Finding
from db.diagnosis.words import counted
from db.pool import PoolState

LATELY = timedelta(minutes=5)
STEP_SECONDS = 10
LONG_WAIT_MS = (
    50.0  # opening one of its connections takes PostgreSQL less, so that those waited for a busy one
)
TOO_LONG_WAIT_MS = 500.0
SERIES = ("pool_wait", "prepared_reuse")
LARGER = "Raise DATABASE_POOL_SIZE, and see under Statements who holds connections for long."


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool at this moment, and what its processes stored of the last five minutes.

    Attributes:
        wait_ms: p95 of the wait for a connection, the mean of its readings; None while nothing was stored.
        prepared_percent: of executions, those that reused a prepared statement; None while nothing was stored.
    """

    state: PoolState
    wait_ms: float | None
    prepared_percent: float | None


async def pool(db: Database) -> Pool:
    """Our own pool.

    Raises:
        DatabaseDown: its server is away.
    """
    state, now = db.pool_state(), datetime.now(UTC)  # first, because the question takes a connection itself
    found = await samples.over_time(db, SERIES, now - LATELY, now, STEP_SECONDS)
    means = {name: [step["mean"] for step in steps] for name, steps in found.items()}
    wait, prepared = (fmean(means[name]) if means[name] else None for name in SERIES)
    return Pool(state, wait, prepared)


def judged(found: Pool) -> list[Finding]:
    """What is wrong with it."""
    state, wait = found.state, found.wait_ms
    if state.waiting:
        waiting = counted(state.waiting, "request waits", "requests wait")
        full = f"{waiting} for a connection: all {state.limit} that the pool may open are in use. {LARGER}"
        return [Finding("bad", "The pool is used up", full)]
    if wait is None or wait < LONG_WAIT_MS:
        return []
    return [
        Finding(
            "bad" if wait >= TOO_LONG_WAIT_MS else "watch",
            "Long waits for a connection",
            f"5 of 100 requests waited {wait:,.0f} ms or more for a connection in the last "
            f"{LATELY.seconds // 60} min; more than {LONG_WAIT_MS:.0f} ms is long. {LARGER}",
        )
    ]
