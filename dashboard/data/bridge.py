"""A page's thread asks, the server's loop answers.

Everything in `db` is asynchronous and lives on the server's loop; Streamlit runs scripts in threads of their own.
`connect` is called once by the process that owns both; `asked` carries a question across, `act` a deed.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from dashboard.data.process_caches import ProcessCaches
from dashboard.kept import forget
from db import subreddits, trace
from db.attribution import asked_by
from db.database import Database
from db.diagnosis.target import OWN, Target, own
from db.errors import DatabaseDown
from db.requests import RequestRecorder
from settings import Settings, load_settings

ANSWER_SECONDS = 10.0
WHY_NOT = "Only while Subpulse listens on this machine alone; DATABASE_ACTIONS=on allows it elsewhere"
Row = dict[str, Any]
T = TypeVar("T")
Question = Callable[[Database], Awaitable[T]]
Tags = tuple[str, ...] | Callable[[Any], tuple[str, ...]]
QueryCache = Callable[[str, Hashable, Callable[[], Awaitable[Any]], Tags], Awaitable[Any]]


class Unavailable(Exception):
    """The database does not answer. `reason` is one line; `since` when this process first noticed."""

    def __init__(self, reason: str, since: datetime) -> None:
        super().__init__(reason)
        self.reason = reason
        self.since = since


class ActionFailed(Exception):
    """What somebody clicked was not done; the message says why."""


@dataclass(frozen=True)
class Connection:
    """What the process hands over: its loop and database, and what only it knows or can do."""

    loop: asyncio.AbstractEventLoop
    database: Database
    settings: Settings
    caches: ProcessCaches | None
    query_cache: QueryCache | None
    run_job: Callable[[str], Awaitable[None]] | None
    pause_job: Callable[[str, bool], Awaitable[None]] | None
    job_list: Sequence[Row]
    present: Callable[[], Row]
    requests: RequestRecorder | None
    targets: Mapping[str, Target]


_connection: Connection | None = None
_down_since: datetime | None = None


def connect(
    loop: asyncio.AbstractEventLoop,
    database: Database,
    settings: Settings,
    *,
    caches: ProcessCaches | None = None,
    query_cache: QueryCache | None = None,
    run_job: Callable[[str], Awaitable[None]] | None = None,
    pause_job: Callable[[str, bool], Awaitable[None]] | None = None,
    job_list: Sequence[Row] = (),
    present: Callable[[], Row] = dict,
    requests: RequestRecorder | None = None,
    targets: Mapping[str, Target] | None = None,
) -> None:
    """Let pages ask `database` through `loop`, on which it was opened.

    Args:
        caches: what the process knows of its caches.
        query_cache: keeps answers in a namespace under a key, until what they depend on is written.
        run_job: starts a job now, by name.
        pause_job: pauses a job, or lets it go on.
        job_list: name, summary, every_seconds and shared of each job, in the order to show.
        present: `now` of the latest frame on the pulse; empty before the first.
        requests: where pages' questions are timed, beside the API's requests.
        targets: the databases that are looked at, by name; only `database` when left out.
    """
    global _connection, _down_since
    _connection = Connection(
        loop,
        database,
        settings,
        caches,
        query_cache,
        run_job,
        pause_job,
        job_list,
        present,
        requests,
        targets or {OWN: own(database)},
    )
    _down_since = None
    forget()


def disconnect() -> None:
    """The process stops; pages that still run hear that the database is gone."""
    global _connection
    _connection = None


def connection() -> Connection | None:
    """What the process handed over, None while there is none."""
    return _connection


def settings() -> Settings:
    """The process's settings, or the environment's while there is no process."""
    return _connection.settings if _connection else load_settings()


def may_act() -> bool:
    """Whether viewers may cancel statements, end connections, change indexes and clear caches."""
    return settings().viewers_may_act


def only_if_allowed() -> None:
    """A button that is off keeps nobody from sending its click.

    Raises:
        ActionFailed: viewers may not act.
    """
    if not may_act():
        raise ActionFailed(WHY_NOT)


def asked(page: str, question: Question[T]) -> T:
    """The answer to a question, attributed to `page NAME` in the query statistics, and timed as a request `PAGE`.

    Its time counts from when the page asks, as the page feels it, the wait for the server's loop included.

    Raises:
        Unavailable: PostgreSQL does not answer, or not within ANSWER_SECONDS.
    """
    global _down_since
    there = _connection
    if there is None or there.loop.is_closed():
        raise _unavailable("Subpulse is starting or stopping")

    began = time.perf_counter()

    async def answer() -> T:
        statements, status = trace.begin(), 500
        try:
            with asked_by(f"page {page}"):
                found = await question(there.database)
            status = 200
            return found
        except DatabaseDown:
            status = 503
            raise
        except asyncio.CancelledError:
            status = 504
            raise
        finally:
            if there.requests is not None:
                seconds = time.perf_counter() - began
                there.requests.add(f"page {page}", "PAGE", status, seconds, statements)

    future = asyncio.run_coroutine_threadsafe(answer(), there.loop)
    try:
        found = future.result(ANSWER_SECONDS)
    except DatabaseDown as exc:
        raise _unavailable(str(exc)) from exc
    except TimeoutError as exc:
        future.cancel()
        raise _unavailable(f"no answer within {ANSWER_SECONDS:.0f} s") from exc
    _down_since = None
    return found


def asked_once(page: str, namespace: str, key: Hashable, question: Question[T], tags: Tags = ()) -> T:
    """The same for what all pages, and maybe the API, ask alike: one answer until what it depends on is written.

    Nobody may change it.

    Args:
        namespace: of the cache, in which a key stands for the same question wherever it is asked (api/services.py).
        tags: what the answer depends on beside the namespace's own tags.
    """

    async def through_cache(database: Database) -> T:
        there = _connection
        if there is None or there.query_cache is None:
            return await question(database)
        found: T = await there.query_cache(namespace, key, lambda: question(database), tags)
        return found

    return asked(page, through_cache)


def _unavailable(reason: str) -> Unavailable:
    global _down_since
    _down_since = _down_since or datetime.now(UTC)
    return Unavailable(reason, _down_since)


def back() -> bool:
    """Whether the database answers again."""
    try:
        asked("database down", subreddits.totals)
    except Unavailable:
        return False
    return True


def since(minutes: int) -> datetime:
    """The moment some minutes ago."""
    return datetime.now(UTC) - timedelta(minutes=minutes)


def told(work: Callable[[Connection], Coroutine[Any, Any, T]]) -> T:
    """What the process knows from memory, looked at on its own loop, where nothing else happens meanwhile.

    Raises:
        Unavailable: there is no process, or it does not answer within ANSWER_SECONDS.
    """
    there = _connection
    if there is None or there.loop.is_closed():
        raise _unavailable("Subpulse is starting or stopping")
    future = asyncio.run_coroutine_threadsafe(work(there), there.loop)
    try:
        return future.result(ANSWER_SECONDS)
    except TimeoutError as exc:
        future.cancel()
        raise _unavailable(f"no answer within {ANSWER_SECONDS:.0f} s") from exc


def act(connection: Connection, page: str, action: Awaitable[T]) -> T:
    """Do something on the server's loop, and forget all kept answers; what it brings.

    Raises:
        ActionFailed: with the reason.
    """

    async def acting() -> T:
        with asked_by(f"page {page}"):
            return await action

    future = asyncio.run_coroutine_threadsafe(acting(), connection.loop)
    try:
        found = future.result(ANSWER_SECONDS)
    except TimeoutError as exc:
        future.cancel()
        raise ActionFailed(f"no answer within {ANSWER_SECONDS:.0f} s") from exc
    except Exception as exc:  # an action may fail in any way its job can; the page says which
        raise ActionFailed(str(exc) or type(exc).__name__) from exc
    forget()
    return found
