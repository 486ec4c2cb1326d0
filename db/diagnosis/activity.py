"""Who is connected and what they do: connections by state, long statements, and transactions left open."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import DictRow

from db.database import APPLICATION, Session
from db.diagnosis.abilities import answered
from db.diagnosis.finding import Finding
from db.diagnosis.target import Target, question
from db.diagnosis.words import duration

LONG_STATEMENT_SECONDS = 60.0  # PgHero's long_running_query_sec
LONG_TRANSACTION_SECONDS = 5 * 60.0
TOO_LONG_TRANSACTION_SECONDS = 3600.0
IDLE_IN_TRANSACTION_SECONDS = 60.0
TOO_LONG_IDLE_IN_TRANSACTION_SECONDS = 10 * 60.0


@dataclass(frozen=True, slots=True)
class ConnectionCount:
    """How many connections of clients are alike; `state` is None where we may not see it."""

    database: str
    role: str
    application: str
    state: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Backend:
    """A client of the database, and what it does.

    Attributes:
        backend_start: tells it from another one that has the same process id later.
        client: its address; None over a Unix socket.
        text: of the statement that runs, or ran last.
        waits_for: such as `Lock: transactionid` or `IO: DataFileRead`.
        reports_progress: whether it makes an index, vacuums, analyzes or copies, which takes as long as it takes.
        transaction_seconds: None outside a transaction.
        asker: on whose behalf, where it is a connection of this very process.
        is_ours: whether it is Subpulse's, by the name that it gave.
    """

    pid: int
    backend_start: datetime
    role: str
    application: str
    client: str | None
    state: str | None
    state_since: datetime | None
    state_seconds: float | None
    transaction_since: datetime | None
    transaction_seconds: float | None
    statement_since: datetime | None
    statement_seconds: float | None
    text: str
    waits_for: str | None
    reports_progress: bool
    asker: str | None
    is_ours: bool

    @property
    def name(self) -> str:
        """`process 4711 of shop (reports)`, and for whom where it is ours."""
        called = ", ".join(word for word in (self.application, self.asker) if word)
        return f"process {self.pid} of {self.role}" + (f" ({called})" if called else "")


@dataclass(frozen=True, slots=True)
class Activity:
    """Backends that do something, the oldest transaction first; `hidden` are those that we may not see."""

    backends: Sequence[Backend]
    hidden: int


@answered
async def connections(target: Target) -> list[ConnectionCount]:
    """Connections to the whole server, those alike together, the most first."""
    async with question(target) as session:
        return [ConnectionCount(**row) for row in await session.rows("diagnosis_activity.connections")]


@answered
async def activity(target: Target) -> Activity:
    """What clients of this database do at present."""
    async with question(target) as session:
        found = await backends(target, session)
        return Activity(found, await session.value("diagnosis_activity.hidden"))


async def backends(target: Target, session: Session, pids: Sequence[int] | None = None) -> list[Backend]:
    """Those with these process ids, else all that do something; the oldest transaction first."""
    rows = await session.rows("diagnosis_activity.backends", pids=None if pids is None else list(pids))
    askers = target.db.askers()
    return [_backend(row, askers.get(row["pid"])) for row in rows if row["backend_start"] is not None]


def _backend(row: DictRow, asker: str | None) -> Backend:
    return Backend(**row, asker=asker, is_ours=asker is not None or row["application"] == APPLICATION)


def long_statements(backends: Iterable[Backend]) -> list[Backend]:
    """Those whose statement runs for LONG_STATEMENT_SECONDS or more, but what takes its time; the longest first."""
    found = [
        one
        for one in backends
        if one.state == "active"
        and (one.statement_seconds or 0) >= LONG_STATEMENT_SECONDS
        and not one.reports_progress
    ]
    return sorted(found, key=lambda one: -(one.statement_seconds or 0))


def long_transactions(backends: Iterable[Backend]) -> list[Backend]:
    """Those whose transaction is open for LONG_TRANSACTION_SECONDS or more, the longest first; what takes its time
    has TOO_LONG_TRANSACTION_SECONDS."""
    found = [
        one
        for one in backends
        if (one.transaction_seconds or 0)
        >= (TOO_LONG_TRANSACTION_SECONDS if one.reports_progress else LONG_TRANSACTION_SECONDS)
    ]
    return sorted(found, key=lambda one: -(one.transaction_seconds or 0))


def idle_in_transaction(backends: Iterable[Backend]) -> list[Backend]:
    """Those that do nothing in an open transaction for IDLE_IN_TRANSACTION_SECONDS or more, the longest first."""
    found = [
        one
        for one in backends
        if (one.state or "").startswith("idle in transaction")
        and (one.state_seconds or 0) >= IDLE_IN_TRANSACTION_SECONDS
    ]
    return sorted(found, key=lambda one: -(one.state_seconds or 0))


def judged(found: Activity) -> list[Finding]:
    """What is wrong with what clients do; each backend is told of once, by the worst of it."""
    findings, told = [], set()
    for one in idle_in_transaction(found.backends):
        told.add(one.pid)
        findings.append(_idle(one))
    for one in long_statements(found.backends):
        if one.pid not in told:
            told.add(one.pid)
            findings.append(_long_statement(one))
    return findings + [_open(one) for one in long_transactions(found.backends) if one.pid not in told]


def _idle(one: Backend) -> Finding:
    seconds = one.state_seconds or 0
    return Finding(
        "bad" if seconds >= TOO_LONG_IDLE_IN_TRANSACTION_SECONDS else "watch",
        "Idle in a transaction",
        f"{one.name} has done nothing for {duration(seconds)} within a transaction, and keeps its locks and every "
        f"row version since; more than {duration(IDLE_IN_TRANSACTION_SECONDS)} is long.",
        f"SELECT pg_terminate_backend({one.pid})",
    )


def _long_statement(one: Backend) -> Finding:
    seconds = one.statement_seconds or 0
    return Finding(
        "bad" if seconds >= TOO_LONG_TRANSACTION_SECONDS else "watch",
        "A long statement",
        f"{one.name} has run one statement for {duration(seconds)}; more than {duration(LONG_STATEMENT_SECONDS)} "
        "is long.",
        f"SELECT pg_cancel_backend({one.pid})",
    )


def _open(one: Backend) -> Finding:
    seconds = one.transaction_seconds or 0
    return Finding(
        "bad" if seconds >= TOO_LONG_TRANSACTION_SECONDS else "watch",
        "A long transaction",
        f"{one.name} has had a transaction open for {duration(seconds)}, since when no vacuum can remove what was "
        f"deleted; more than {duration(LONG_TRANSACTION_SECONDS)} is long.",
        f"SELECT pg_terminate_backend({one.pid})",
    )
