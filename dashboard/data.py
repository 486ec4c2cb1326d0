"""The dashboard's one way to data: a page's thread asks, the server's loop answers, short answers are kept.

Everything in `db` is asynchronous and lives on the server's loop; Streamlit runs scripts in threads of their own.
`connect` is called once by the process that owns both, and `asked` carries a question from one to the other.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import orjson

from dashboard.kept import forget, kept
from db import categories as category_reads
from db import dashboard, runs, subreddits, telemetry
from db.attribution import asked_by
from db.database import Database
from db.errors import DatabaseDown
from settings import Settings, load_settings

ANSWER_SECONDS = 10.0
Row = dict[str, Any]
Sort = subreddits.Sort
T = TypeVar("T")


class Unavailable(Exception):
    """The database does not answer. `reason` is one line; `since` when this process first noticed."""

    def __init__(self, reason: str, since: datetime) -> None:
        super().__init__(reason)
        self.reason = reason
        self.since = since


class ActionFailed(Exception):
    """A job could not be started or paused; the message says why."""


@dataclass(frozen=True)
class Connection:
    """What the process hands over: its loop and database, and what only it knows or can do."""

    loop: asyncio.AbstractEventLoop
    database: Database
    settings: Settings
    cache_stats: Callable[[], list[Row]]
    run_job: Callable[[str], Awaitable[None]] | None
    pause_job: Callable[[str, bool], Awaitable[None]] | None
    job_list: Sequence[Row]


_connection: Connection | None = None
_down_since: datetime | None = None


def connect(
    loop: asyncio.AbstractEventLoop,
    database: Database,
    settings: Settings,
    *,
    cache_stats: Callable[[], list[Row]] = list,
    run_job: Callable[[str], Awaitable[None]] | None = None,
    pause_job: Callable[[str, bool], Awaitable[None]] | None = None,
    job_list: Sequence[Row] = (),
) -> None:
    """Let pages ask `database` through `loop`, on which it was opened.

    Args:
        cache_stats: one dictionary per namespace of the response cache.
        run_job: starts a job now, by name.
        pause_job: pauses a job, or lets it go on.
        job_list: name, summary, every_seconds and shared of each job, in the order to show.
    """
    global _connection, _down_since
    _connection = Connection(loop, database, settings, cache_stats, run_job, pause_job, job_list)
    _down_since = None
    forget()


def disconnect() -> None:
    """The process stops; pages that still run hear that the database is gone."""
    global _connection
    _connection = None


def settings() -> Settings:
    """The process's settings, or the environment's while there is no process."""
    return _connection.settings if _connection else load_settings()


def asked(page: str, question: Callable[[Database], Awaitable[T]]) -> T:
    """The answer to a question, attributed to `page NAME` in the query statistics.

    Raises:
        Unavailable: PostgreSQL does not answer, or not within ANSWER_SECONDS.
    """
    global _down_since
    connection = _connection
    if connection is None or connection.loop.is_closed():
        raise _unavailable("Subpulse is starting or stopping")

    async def answer() -> T:
        with asked_by(f"page {page}"):
            return await question(connection.database)

    future = asyncio.run_coroutine_threadsafe(answer(), connection.loop)
    try:
        found = future.result(ANSWER_SECONDS)
    except DatabaseDown as exc:
        raise _unavailable(str(exc)) from exc
    except TimeoutError as exc:
        future.cancel()
        raise _unavailable(f"no answer within {ANSWER_SECONDS:.0f} s") from exc
    _down_since = None
    return found


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


def _since(minutes: int) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes)


@kept(seconds=5, entries=20)
def endpoints(minutes: int) -> list[telemetry.RouteLatency]:
    """Every route of the last minutes, the busiest first."""
    return asked("endpoints", lambda db: telemetry.latency_by_route(db, _since(minutes)))


@kept(seconds=5, entries=50)
def latency(minutes: int, step_seconds: int, route: str | None) -> list[Row]:
    """One route's or all requests in steps: at, count, server_errors, p50, p95, p99 in seconds."""
    step = timedelta(seconds=step_seconds)
    return asked("endpoints", lambda db: telemetry.latency_over_time(db, _since(minutes), step, route))


def cache_namespaces() -> list[Row]:
    """Each namespace of this process's response cache; needs no database."""
    return _connection.cache_stats() if _connection else []


@kept(seconds=10, entries=10)
def hit_rate(minutes: int) -> list[Row]:
    """The cache's hit rate over time: at, value in percent."""
    return asked("cache", lambda db: telemetry.samples_since(db, ["hit_rate"], _since(minutes)))


@kept(seconds=5, entries=10)
def slow_queries(minutes: int) -> list[Row]:
    """Slow executions, newest first; `plan` as indented text, or None and why in `plan_missing`."""
    found = asked("slow queries", lambda db: telemetry.slow_queries(db, _since(minutes)))
    return [
        {**row, "plan": telemetry.plan_summary(row["plan"]) if row["plan"] is not None else None}
        for row in found
    ]


@kept(seconds=10, entries=10)
def statements(minutes: int) -> list[Row]:
    """Statements by the time they took in all."""
    return asked("slow queries", lambda db: telemetry.statements_since(db, _since(minutes)))


def job_list() -> Sequence[Row]:
    """name, summary, every_seconds and shared of each job."""
    return _connection.job_list if _connection else ()


@kept(seconds=5, entries=30)
def job_runs(job: str | None, outcome: str | None, limit: int = 200) -> list[Row]:
    """The newest runs, newest first."""
    return asked("jobs", lambda db: runs.recent(db, job, outcome, limit))


@kept(seconds=5, entries=2)
def jobs_today() -> dict[str, Row]:
    """Each job's record of the last 24 hours, with `paused` and `ticked_at`, by name."""
    record = {row["job"]: row for row in asked("jobs", dashboard.by_job)}
    controls = {row["job"]: row for row in asked("jobs", dashboard.controls)}
    return {job: {**controls.get(job, {}), **record.get(job, {})} for job in record.keys() | controls.keys()}


def can_control_jobs() -> bool:
    """Whether this process can start and pause jobs."""
    return _connection is not None and _connection.run_job is not None and _connection.pause_job is not None


def run_job(name: str) -> None:
    """Start a job now.

    Raises:
        ActionFailed: with the reason.
    """
    connection = _connection
    if connection is None or connection.run_job is None:
        raise ActionFailed("this process cannot start jobs")
    _act(connection, connection.run_job(name))


def pause_job(name: str, paused: bool) -> None:
    """Pause a job, or let it go on.

    Raises:
        ActionFailed: with the reason.
    """
    connection = _connection
    if connection is None or connection.pause_job is None:
        raise ActionFailed("this process cannot pause jobs")
    _act(connection, connection.pause_job(name, paused))


def _act(connection: Connection, action: Awaitable[None]) -> None:
    async def acting() -> None:
        with asked_by("page jobs"):
            await action

    future = asyncio.run_coroutine_threadsafe(acting(), connection.loop)
    try:
        future.result(ANSWER_SECONDS)
    except TimeoutError as exc:
        future.cancel()
        raise ActionFailed(f"no answer within {ANSWER_SECONDS:.0f} s") from exc
    except Exception as exc:  # an action may fail in any way its job can; the page says which
        raise ActionFailed(str(exc) or type(exc).__name__) from exc
    forget()


@kept(seconds=30, entries=1)
def categories() -> list[str]:
    """The categories that communities have, the largest first."""
    return [row["category"] for row in asked("subreddits", category_reads.categories)]


@kept(seconds=10, entries=100)
def communities(
    filters: subreddits.Filters, sort: subreddits.Sort, limit: int, cursor: str | None
) -> tuple[list[Row], str | None]:
    """(one page of communities, the cursor of the next page or None)."""
    page = asked("subreddits", lambda db: subreddits.page(db, filters, sort, limit, cursor))
    return orjson.loads(page.items), page.cursor


@kept(seconds=15, entries=100)
def matching(filters: subreddits.Filters) -> int:
    """How many communities the filters leave."""
    return asked("subreddits", lambda db: subreddits.matching(db, filters))


def filters(
    q: str | None, category: str | None, min_subscribers: int | None, over18: bool | None
) -> subreddits.Filters:
    """What a list is narrowed to; None leaves all in."""
    return subreddits.Filters(q or None, category, min_subscribers or None, over18)


@kept(seconds=10, entries=100)
def community(name: str) -> Row | None:
    """One community with its posts counted, or None when it was never seen."""
    found = asked("subreddits", lambda db: subreddits.one(db, name))
    return orjson.loads(found) if found else None


@kept(seconds=30, entries=100)
def growth(name: str, days: int) -> list[Row]:
    """A community's subscribers over time, oldest first: at, subscribers."""
    return asked("subreddits", lambda db: dashboard.growth(db, name, timedelta(days=days)))


@kept(seconds=10, entries=100)
def recent_posts(name: str, limit: int = 50) -> list[Row]:
    """A community's newest posts, newest first."""
    return asked("subreddits", lambda db: dashboard.recent_posts(db, name, limit))
