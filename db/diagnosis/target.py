"""Which PostgreSQL is looked at: our own, and those that WATCHED_DATABASES names."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass

from db import outage
from db.attribution import asked_by
from db.database import Database, Session, with_name
from db.measure import QueryRecorder
from settings import Settings, database_name

OWN = "own"
STATEMENT_TIMEOUT_SECONDS = 5.0
LOCK_TIMEOUT_SECONDS = 1.0
CHECK_SECONDS = 10.0
CONNECTIONS = 2


@dataclass(frozen=True, slots=True)
class Target:
    """A PostgreSQL that is looked at.

    Attributes:
        name: `own`, or `dbname@host` (`dbname@host:port` where the port is not 5432), never with a password.
        db: the way to it.
        schema: ours, whose objects alone are judged in our own database; None for every schema but PostgreSQL's own.
    """

    name: str
    db: Database
    schema: str | None

    @property
    def is_own(self) -> bool:
        return self.name == OWN


class WatchedDatabase(Database):
    """Somebody else's database: no connection is kept for it, none waited for at the start, nothing prepared, so that
    a connection pooler before it is no trouble, and its search path is left as it is."""

    def __init__(self, url: str, recorder: QueryRecorder) -> None:
        super().__init__(
            url, "public", recorder, pool_size=CONNECTIONS, kept_connections=0, prepare_threshold=None
        )
        self._url = with_name(url)
        self.log = self.log.bind(database=database_name(url))

    def conninfo(self) -> str:
        return self._url

    async def open(self) -> None:
        """Open the pool, whether or not the server is there."""
        await self.pool.open(wait=False)


def own(db: Database) -> Target:
    """Our own database, of which our own schema is judged."""
    return Target(OWN, db, db.schema)


def watched(settings: Settings, recorder: QueryRecorder) -> list[Target]:
    """What WATCHED_DATABASES names, in its order, not open yet."""
    return [
        Target(database_name(url), WatchedDatabase(url, recorder), None) for url in settings.watched_databases
    ]


@asynccontextmanager
async def opened(settings: Settings, db: Database) -> AsyncIterator[dict[str, Target]]:
    """Every target by its name, our own first, while the body lasts; a server that is away holds nothing up."""
    targets = [own(db), *watched(settings, db.recorder)]
    watches: list[asyncio.Task[None]] = []
    try:
        for target in targets[1:]:
            await target.db.open()
            watches.append(asyncio.create_task(outage.watch(target.db, every=CHECK_SECONDS)))
        yield {target.name: target for target in targets}
    finally:
        for watch in watches:
            watch.cancel()
        await asyncio.gather(*watches, return_exceptions=True)
        for target in targets[1:]:
            await target.db.close()


@asynccontextmanager
async def question(target: Target, search_path: str = "pg_catalog") -> AsyncIterator[Session]:
    """A transaction that only reads, in which no statement takes longer than five seconds or waits more than one for
    a lock.

    With nothing but PostgreSQL's own catalog on the search path, no function of the database that is looked at can
    pass for one of PostgreSQL's, and every name comes out with its schema.

    Raises:
        DatabaseDown: the server is away.
    """
    asking = nullcontext() if target.is_own else asked_by(f"watching {target.name}")
    with asking:
        async with target.db.transaction() as session:
            await session.execute(
                "diagnosis_target.begin",
                statement_timeout=f"{STATEMENT_TIMEOUT_SECONDS * 1e3:.0f}ms",
                lock_timeout=f"{LOCK_TIMEOUT_SECONDS * 1e3:.0f}ms",
                search_path=search_path,
            )
            yield session
