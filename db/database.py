"""The one way to PostgreSQL: a pool of measured connections, statements by name, and a word for "down"."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import structlog
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import DictRow, dict_row
from psycopg_pool import PoolTimeout, TooManyRequests

from db.attribution import asker
from db.errors import DatabaseDown, one_line
from db.measure import MeasuredCursor, QueryRecorder, measured_cursor
from db.outage import why_not_anew
from db.pool import Connection, MeasuredPool, PoolState
from db.statements import statements

log = structlog.get_logger()

WAIT_SECONDS = 5.0
APPLICATION = "subpulse"
PREPARED_MAX = 400  # per connection; we have some 270 different statements


class Session:
    """Statements on one connection, all in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def rows(self, statement: str, /, **params: Any) -> list[DictRow]:
        """Every row of the statement `topic.name` as a dictionary."""
        async with self.connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(statements()[statement], params)
            return await cursor.fetchall() if cursor.description else []

    async def row(self, statement: str, /, **params: Any) -> DictRow | None:
        """The first row, or None."""
        found = await self.rows(statement, **params)
        return found[0] if found else None

    async def value(self, statement: str, /, **params: Any) -> Any:
        """The first column of the first row, or None."""
        async with self.connection.cursor() as cursor:
            await cursor.execute(statements()[statement], params)
            row = await cursor.fetchone()
            return row[0] if row else None

    async def execute(self, statement: str, /, **params: Any) -> int:
        """How many rows the statement touched."""
        async with self.connection.cursor() as cursor:
            await cursor.execute(statements()[statement], params)
            return cursor.rowcount

    async def execute_each(self, statement: str, /, rows: Iterable[dict[str, Any]]) -> None:
        """The statement once per row of parameters, in one round trip per batch."""
        async with self.connection.cursor() as cursor:
            await cursor.executemany(statements()[statement], list(rows))

    async def copy(
        self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], types: Sequence[str] = ()
    ) -> None:
        """Stream rows into a table by COPY; values in the order of `columns`.

        With the columns' PostgreSQL types they travel in binary, which saves the server a tenth of its time.
        """
        target = sql.SQL("COPY {} ({}) FROM STDIN {}").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.SQL("(FORMAT binary)" if types else ""),
        )
        async with self.connection.cursor() as cursor, cursor.copy(target) as copy:
            if types:
                copy.set_types(types)
            for row in rows:
                await copy.write_row(row)


class Database:
    """A pool on one schema of one PostgreSQL.

    `conninfo` is asked again for each new connection, because an embedded server may come back elsewhere.
    While PostgreSQL is away every call raises DatabaseDown at once; db/outage.py notices its return.
    """

    def __init__(
        self,
        conninfo: str | Callable[[], str],
        schema: str,
        recorder: QueryRecorder,
        pool_size: int = 20,
        kept_connections: int = 2,
        prepare_threshold: int | None = 2,
    ) -> None:
        self.schema = schema
        self.recorder = recorder
        self.down_reason: str | None = None
        self.log = log
        self.pool_size = pool_size
        self._conninfo = conninfo
        self._askers: dict[int, str] = {}
        self._cursor_factory: type[MeasuredCursor[Any]] = measured_cursor(recorder)
        self.pool = MeasuredPool(
            self.conninfo,
            kwargs={
                "prepare_threshold": prepare_threshold,
                "cursor_factory": self._cursor_factory,
                "connect_timeout": 5,
            },
            min_size=min(kept_connections, pool_size),
            max_size=pool_size,
            configure=_ready,
            timeout=WAIT_SECONDS,
            reconnect_timeout=2.0,  # short, because `outage.watch` asks again anyway
            open=False,
            name="subpulse",
        )

    def conninfo(self) -> str:
        """Where to connect to, with the search path that selects this database's schema."""
        raw = self._conninfo if isinstance(self._conninfo, str) else self._conninfo()
        return with_schema(raw, self.schema)

    async def open(self) -> None:
        """Open the pool.

        Raises:
            DatabaseDown: when no connection comes about within WAIT_SECONDS.
        """
        try:
            await self.pool.open(wait=True, timeout=WAIT_SECONDS)
        except PoolTimeout as exc:
            await self.pool.close()
            raise DatabaseDown(f"PostgreSQL does not answer: {await why_not_anew(self.conninfo)}") from exc

    async def close(self) -> None:
        await self.pool.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        """A session whose statements happen together or not at all."""
        async with self._session() as session, session.connection.transaction():
            yield session

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Session]:
        """A session whose statements see the data as of one moment, whatever others store meanwhile."""
        async with self.transaction() as session:
            await session.execute("snapshot.begin")
            yield session

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Session]:
        if self.down_reason is not None:
            raise DatabaseDown(self.down_reason)
        try:
            async with self.pool.connection() as connection:
                pid = connection.pgconn.backend_pid
                self._askers[pid] = asker()
                try:
                    yield Session(connection)
                finally:
                    self._askers.pop(pid, None)  # after a restart of the server two may have had the same
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, TooManyRequests) as exc:
            if not _says_down(exc):
                raise
            raise DatabaseDown(one_line(exc)) from exc

    async def rows(self, statement: str, /, **params: Any) -> list[DictRow]:
        """Every row of the statement `topic.name` as a dictionary."""
        async with self._session() as session:
            return await session.rows(statement, **params)

    async def row(self, statement: str, /, **params: Any) -> DictRow | None:
        """The first row, or None."""
        async with self._session() as session:
            return await session.row(statement, **params)

    async def value(self, statement: str, /, **params: Any) -> Any:
        """The first column of the first row, or None."""
        async with self._session() as session:
            return await session.value(statement, **params)

    async def execute(self, statement: str, /, **params: Any) -> int:
        """How many rows the statement touched."""
        async with self._session() as session:
            return await session.execute(statement, **params)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A bare measured connection, for what has no statement of its own (EXPLAIN, the queue)."""
        async with self._session() as session:
            yield session.connection

    def askers(self) -> dict[int, str]:
        """For whom each of the connections in use works now, by the process id of its backend."""
        return dict(self._askers)

    def pool_state(self) -> PoolState:
        stats = self.pool.get_stats()
        size, idle = stats.get("pool_size", 0), stats.get("pool_available", 0)
        self.recorder.fold()
        return PoolState(
            size,
            size - idle,
            stats.get("requests_waiting", 0),
            self.pool_size,
            self.pool.use(),
            self.recorder.reuses + self.recorder.unreused,
            self.recorder.reuses,
        )


async def _ready(connection: Connection) -> None:
    """A statement outside a transaction is its own; and all of ours may stay prepared, where psycopg would forget the
    hundred and first."""
    await connection.set_autocommit(True)
    connection.prepared_max = PREPARED_MAX


def _says_down(exc: Exception) -> bool:
    """Whether the connection is the trouble, and not the statement (a deadlock, a full disk): class 08 and 57P0x
    of PostgreSQL's error codes, or none at all."""
    state = getattr(exc, "sqlstate", None)
    return state is None or state.startswith(("08", "57P0"))


def with_schema(conninfo: str, schema: str) -> str:
    """`conninfo` with `schema` first on the search path, keeping options it already has."""
    options = conninfo_to_dict(conninfo).get("options") or ""
    return with_name(make_conninfo(conninfo, options=f"{options} -c search_path={schema},public".strip()))


def with_name(conninfo: str) -> str:
    """`conninfo` under our name, by which others see whose connection it is, unless it has one already."""
    return make_conninfo(conninfo, fallback_application_name=APPLICATION)
