"""Word of a write, from the transaction that made it to every process that caches.

`announce` takes effect with the commit (PostgreSQL's NOTIFY is transactional), so no process forgets an answer
too early or hears of a write that never was.
"""

import asyncio
from collections.abc import Callable

import psycopg
import structlog

from db.database import Database, Session

log = structlog.get_logger()

RETRY_SECONDS = 1.0


def channel(schema: str) -> str:
    """Notifications are heard in the whole database, so each schema has its own channel (see written.sql)."""
    return f"{schema}_written"


async def announce(session: Session, tag: str) -> None:
    """Tell every process, on commit, that something tagged so was written."""
    await session.execute("written.announce", tag=tag)


async def listen(db: Database, on_write: Callable[[str], None], on_gap: Callable[[], None]) -> None:
    """Until cancelled, call `on_write(tag)` for each announcement, `on_gap` whenever some may be lost."""
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(db.conninfo(), autocommit=True) as connection:
                await connection.execute(f'LISTEN "{channel(db.schema)}"')
                on_gap()
                async for notification in connection.notifies():
                    on_write(notification.payload)
        except psycopg.Error as exc:
            log.debug("write announcements interrupted", reason=str(exc).strip())
        on_gap()
        await asyncio.sleep(RETRY_SECONDS)
