"""The connection on which indexes are made and dropped: how long it waits, and how others see that it is there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import psycopg
from psycopg import sql

from db.diagnosis.target import Target
from db.errors import one_line
from db.measure import measured_cursor
from db.pool import Connection

CHECK_CLIENT = "2s"  # how often PostgreSQL looks whether we are still there while it works


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds a lock is waited for: long by what holds nobody up meanwhile, briefly by what does."""

    concurrent_seconds: float = 60
    blocking_seconds: float = 2


PATIENCE = Patience()


def application(change_id: int) -> str:
    """What the connection is called that is at a change."""
    return f"subpulse index change {change_id}"


@asynccontextmanager
async def connection_for(target: Target, change_id: int) -> AsyncIterator[Connection]:
    """One of its own, for it may take hours; it ends with the process, whatever PostgreSQL is at."""
    async with await psycopg.AsyncConnection.connect(
        target.db.conninfo(),
        autocommit=True,
        application_name=application(change_id),
        cursor_factory=measured_cursor(target.db.recorder),
    ) as connection:
        await connection.execute("SET statement_timeout = 0")
        with suppress(psycopg.errors.InvalidParameterValue):  # not every system can tell
            await connection.execute(f"SET client_connection_check_interval = '{CHECK_CLIENT}'")
        yield connection


async def execute(connection: Connection, statement: sql.SQL | sql.Composed, patience: Patience) -> None:
    """Run one statement, which cannot bring a second one with it.

    Raises:
        psycopg.errors.LockNotAvailable: patience came to its end.
    """
    is_concurrent = " CONCURRENTLY " in statement.as_string()
    seconds = patience.concurrent_seconds if is_concurrent else patience.blocking_seconds
    await connection.execute("SELECT set_config('lock_timeout', %s, false)", (f"{seconds * 1e3:.0f}ms",))
    await connection.execute(statement, binary=True)


def why(exc: psycopg.Error, patience: Patience) -> str:
    """For people."""
    if isinstance(exc, psycopg.errors.LockNotAvailable):
        return (
            f"another transaction held the table for longer than {patience.blocking_seconds:g} s, or was older than "
            f"the change for longer than {patience.concurrent_seconds:g} s: see who blocks whom, then try again"
        )
    return exc.diag.message_primary or one_line(exc)
