"""Word of a write, from the transaction that made it to every process that caches.

`announce` takes effect with the commit (PostgreSQL's NOTIFY is transactional), so no process forgets an answer
too early or hears of a write that never was. A listener that hears nothing cannot tell silence from a broken line.
So it asks PostgreSQL for a sign of life over the very connection on which it would hear, and says each time that all
that was written until then has been heard.
"""

import asyncio
import time
from collections.abc import Callable, Iterable

import psycopg
import structlog

from db.database import Database, Session
from db.pool import Connection

log = structlog.get_logger()

RETRY_SECONDS = 1.0
SIGN_OF_LIFE_EVERY_SECONDS = 0.25
SIGN_OF_LIFE_WITHIN_SECONDS = 0.6
CONNECT_SECONDS = 5
NAME = "subpulse listener"  # in pg_stat_activity
EACH_COMMUNITY = "each_subreddit"
MOST_NAMED = 500  # communities in one write; beyond, forgetting all of them is cheaper than naming them
LONGEST_WORD = 7000  # bytes; PostgreSQL takes 8000


def channel(schema: str) -> str:
    """Notifications are heard in the whole database, so each schema has its own channel (see written.sql)."""
    return f"{schema}_written"


async def identity(db: Database) -> str:
    """A name of the data, the same for all processes that work on it and for no other."""
    return str(await db.value("written.identity"))


async def announce(session: Session, *tags: str) -> None:
    """Tell every process, on commit, that something tagged so was written; no tag has a space in it."""
    for several in _in_words(tags):
        await session.execute("written.announce", tags=several)


def community_tags(ids: Iterable[str]) -> tuple[str, ...]:
    """Tags of what is known of these communities alone, by id or by name in lower case; of each, where they are many.

    An answer about one carries `subreddit:ID`, `subreddit:NAME` and EACH_COMMUNITY.
    """
    named = sorted({f"subreddit:{id}" for id in ids})
    return tuple(named) if len(named) <= MOST_NAMED else (EACH_COMMUNITY,)


async def clear(db: Database, *tags: str) -> None:
    """Have every process forget what carries one of these, as if it had been written; for a person's hand."""
    async with db.transaction() as session:
        await announce(session, *tags)


def _in_words(tags: tuple[str, ...]) -> list[str]:
    """The tags with spaces between, in texts that fit into a notification."""
    words: list[str] = []
    for tag in tags:
        if words and len(words[-1]) + len(tag) < LONGEST_WORD:
            words[-1] += f" {tag}"
        else:
            words.append(tag)
    return words


async def listen(
    db: Database,
    on_write: Callable[[str], None],
    on_gap: Callable[[], None],
    on_alive: Callable[[float], None] = lambda asked_at: None,
) -> None:
    """Until cancelled, call `on_write` for each announcement, `on_gap` whenever some may be lost.

    Args:
        on_write: is told the word of a write, `ID TAG TAG …`; no two writes have the same.
        on_alive: is told a moment (seconds of `time.monotonic`) until which every word has been heard.
    """
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(
                db.conninfo(), autocommit=True, connect_timeout=CONNECT_SECONDS, application_name=NAME
            ) as connection:
                await connection.execute(f'LISTEN "{channel(db.schema)}"')
                on_gap()
                await _hear(connection, on_write, on_alive)
        except (psycopg.Error, TimeoutError) as exc:
            log.debug("write announcements interrupted", reason=str(exc).strip())
        on_gap()
        await asyncio.sleep(RETRY_SECONDS)


async def _hear(
    connection: Connection, on_write: Callable[[str], None], on_alive: Callable[[float], None]
) -> None:
    while True:
        asked_at = time.monotonic()
        await _sign_of_life(connection)
        async for word in connection.notifies(timeout=0):  # what came before the sign
            on_write(word.payload)
        on_alive(asked_at)
        async for word in connection.notifies(timeout=SIGN_OF_LIFE_EVERY_SECONDS):
            on_write(word.payload)


async def _sign_of_life(connection: Connection) -> None:
    """Return when PostgreSQL answers; whatever it sends before is kept for `notifies`.

    Raises:
        TimeoutError: it did not, within SIGN_OF_LIFE_WITHIN_SECONDS.
    """
    asking = asyncio.create_task(connection.execute("SELECT 1"))
    try:
        answered, _ = await asyncio.wait([asking], timeout=SIGN_OF_LIFE_WITHIN_SECONDS)
        if not answered:
            raise TimeoutError("no sign of life")
        await asking
    finally:
        if not asking.done():
            await (
                connection.close()
            )  # first, else psycopg would ask the silent server to cancel, and wait for it
            asking.cancel()
            await asyncio.wait([asking])
