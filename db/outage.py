"""Notices that PostgreSQL went away, says why, and sees to it that all goes on once it is back."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import psycopg
from psycopg_pool import PoolTimeout

from db.errors import one_line

if TYPE_CHECKING:
    from db.database import Database

CHECK_SECONDS = 1.0
SILENT = "no answer in time"


async def watch(db: "Database", revive: Callable[[], None] | None = None, every: float | None = None) -> None:
    """Until cancelled: notice that PostgreSQL went away or came back, and mend the pool.

    `revive` is called in a thread while it is away; it may start a server of our own again. It is asked `every`
    so many seconds, else each CHECK_SECONDS.
    """
    while True:
        reason = await _why(db)
        if reason is not None:
            if db.down_reason is None:
                db.log.error("database down", reason=reason)
            if revive is not None:
                with suppress(Exception):  # whatever it says, we ask again in a second
                    await asyncio.to_thread(revive)
        elif db.down_reason is not None:
            await db.pool.check()
            db.log.info("database back")
        db.down_reason = reason
        await asyncio.sleep(every or CHECK_SECONDS)


async def _why(db: "Database") -> str | None:
    """Why PostgreSQL does not answer, or None; while all is well a connection of the pool is asked."""
    state = db.pool_state()
    if db.down_reason is not None or db.pool.closed or not state.size:
        return await why_not_anew(db.conninfo)
    if state.size <= state.in_use:
        return None  # all are busy, which is no outage; whoever holds them would hear of one first
    try:
        async with asyncio.timeout(2 * CHECK_SECONDS), db.pool.connection() as connection:
            await connection.execute("SELECT 1")
    except (psycopg.Error, PoolTimeout, OSError, TimeoutError) as exc:
        return one_line(exc) or SILENT
    return None


async def why_not_anew(conninfo: Callable[[], str]) -> str | None:
    """Why a new connection does not come about, or None."""
    try:
        async with (
            asyncio.timeout(2 * CHECK_SECONDS),
            await psycopg.AsyncConnection.connect(conninfo()) as connection,
        ):
            await connection.execute("SELECT 1")
    except (psycopg.Error, OSError, TimeoutError) as exc:
        return one_line(exc) or SILENT
    return None
