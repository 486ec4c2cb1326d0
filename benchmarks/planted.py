"""What can be wrong with our filled schema (benchmarks/filled.py), planted at once, for whoever has to find it."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import psycopg

from db.diagnosis import activity, indexes, locks, tables
from db.diagnosis.finding import Finding

Connection = psycopg.AsyncConnection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class MissingIndex:
    """What is dropped, which statement lacks it then, and the advice that is right."""

    dropped: str | None
    text: str | None
    """None where statements of our own lack it"""
    table: str
    columns: tuple[str, ...]


MISSING = (
    MissingIndex(
        "instagram_posts_by_timestamp",
        "SELECT id FROM instagram_posts ORDER BY timestamp DESC LIMIT $1",
        "instagram_posts",
        ("timestamp descending",),
    ),
    MissingIndex("instagram_posts_by_account", None, "instagram_posts", ("username", "timestamp descending")),
    MissingIndex(
        "posts_by_subreddit",
        "SELECT count(*) FROM subreddits JOIN posts ON subreddit_id = subreddits.id WHERE lower(name) = lower($1)",
        "posts",
        ("subreddit_id",),
    ),
    MissingIndex(
        "posts_by_created",
        "SELECT id, title FROM posts ORDER BY created_at DESC LIMIT $1",
        "posts",
        ("created_at descending",),
    ),
    MissingIndex(
        "categorizations_by_subreddit",
        "SELECT category FROM categorizations WHERE subreddit_id = $1 ORDER BY decided_at DESC LIMIT 1",
        "categorizations",
        ("subreddit_id",),
    ),
    MissingIndex(None, "SELECT id FROM posts WHERE author = $1 AND domain = $2", "posts", ("author",)),
    MissingIndex(
        None,
        "SELECT route FROM slow_requests ORDER BY seconds DESC LIMIT 20",
        "slow_requests",
        ("seconds descending",),
    ),
)

FOUND = (
    ("A blocked statement", "process"),
    ("A duplicate index", "planted_duplicate"),
    ("An invalid index", "planted_invalid"),
    ("An unused index", "planted_unused"),
    ("Dead rows", "alert_transitions"),
    ("Idle in a transaction", "process"),
    ("Stale statistics", "alert_transitions"),
)
"""title of each finding that is right, and what its sentence begins with, the schema left out"""

WRONG_INDEXES = (
    *(f"DROP INDEX {one.dropped}" for one in MISSING if one.dropped),
    "CREATE INDEX planted_unused ON posts ((md5(id) || md5(title) || md5(author)))",  # of more than 8 MiB
    "CREATE INDEX planted_duplicate ON posts (id)",
)
INVALID = "CREATE UNIQUE INDEX CONCURRENTLY planted_invalid ON posts (domain)"
FLUSH = ("SELECT pg_stat_force_next_flush()", "SELECT 1")
WRONG_ROWS = (
    *FLUSH,
    "SELECT pg_stat_reset()",  # else the blocks that were read for these indexes would be a low hit rate
    "ALTER TABLE alert_transitions SET (autovacuum_enabled = off)",
    "UPDATE alert_transitions SET message = 'as it was'",
    *FLUSH,
    # Only what was noted before can be unused.
    """INSERT INTO relation_sizes (target, kind, name, bytes, at)
       SELECT 'own', kind, name, 1, date_trunc('day', now(), 'UTC')
       FROM (VALUES ('database', current_database()::text),
                    ('index', current_schema() || '.planted_unused')) AS noted (kind, name)""",
)
HOLD = "UPDATE subreddits SET title = title WHERE id = 't5_1'"


def told(found: Iterable[Finding]) -> list[tuple[str, str]]:
    """What findings say, in the form of FOUND, sorted."""
    return sorted((one.title, one.sentence.split()[0].rpartition(".")[2]) for one in found)


@contextmanager
def at_once() -> Iterator[None]:
    """What becomes wrong in minutes or weeks is wrong at once."""
    with (
        patch.object(activity, "IDLE_IN_TRANSACTION_SECONDS", 0.0),
        patch.object(locks, "LONG_WAIT_SECONDS", 0.0),
        patch.object(indexes, "UNUSED_DAYS", 0.0),
        patch.object(tables, "RESPITE_SECONDS", 0.0),
    ):
        yield


@asynccontextmanager
async def planted(conninfo: str) -> AsyncIterator[None]:
    """Everything of MISSING and FOUND is wrong while the body lasts; the indexes are so for good.

    Args:
        conninfo: of a database with our schema on the search path, filled.
    """
    async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
        await _run(connection, WRONG_INDEXES)
        with suppress(psycopg.errors.UniqueViolation):
            await connection.execute(INVALID)
        await _run(connection, WRONG_ROWS)
    async with (
        await psycopg.AsyncConnection.connect(conninfo, application_name="holder") as holder,
        await psycopg.AsyncConnection.connect(conninfo, application_name="waiter") as waiter,
    ):
        await holder.execute(HOLD)
        waiting = asyncio.create_task(waiter.execute(HOLD))
        await _blocked(holder, waiter.info.backend_pid)
        with at_once():
            yield
        await holder.rollback()
        await waiting
        await waiter.rollback()


async def _run(connection: Connection, statements: Iterable[str]) -> None:
    for statement in statements:
        await connection.execute(statement.encode())


async def _blocked(holder: Connection, pid: int) -> None:
    """Wait until that backend waits for the holder."""
    async with asyncio.timeout(20):
        while True:
            rows = await holder.execute("SELECT cardinality(pg_blocking_pids(%s))", [pid])
            if (await rows.fetchone()) != (0,):
                return
            await asyncio.sleep(0.01)
