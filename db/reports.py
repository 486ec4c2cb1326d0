"""What the weekly job found out about a database, kept for two years and told on the Database page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from psycopg.types.json import Jsonb
from pydantic import TypeAdapter

from db.database import Database
from db.diagnosis.abilities import Unanswered
from db.diagnosis.analyze import StaleTable
from db.diagnosis.bloat import Bloat
from db.diagnosis.finding import Finding
from db.diagnosis.words import change
from db.diagnosis.workload import Statement, Workload

PERIOD = timedelta(days=7)
COMPARED_FROM = timedelta(days=6)
"""a report by hand in between does not shorten the period of the next one"""
SHOWN = 200


def _change(now: float, before: float | None, more: str, less: str) -> str | None:
    return None if before is None else change(now, before, more, less)


@dataclass(frozen=True, slots=True)
class StatementCost:
    """What a statement took in a period, and in one as long before it.

    Attributes:
        statement: its name, or its text in one line.
        role: who ran it; None where that is Subpulse.
        share_percent: of the time of all statements.
        p95_seconds: None where only sums are counted.
        seconds_before: nought where it did not run, None where nothing is known of that time.
        mean_seconds_before: None where it did not run or that is not known.
    """

    statement: str
    role: str | None
    calls: int
    seconds: float
    share_percent: float
    mean_seconds: float
    p95_seconds: float | None
    seconds_before: float | None
    mean_seconds_before: float | None

    @property
    def change(self) -> str | None:
        """Of the time in all, in words."""
        return _change(self.seconds, self.seconds_before, "more", "less")

    @property
    def mean_change(self) -> str | None:
        """Of the mean time, in words."""
        return _change(self.mean_seconds, self.mean_seconds_before, "slower", "faster")


@dataclass(frozen=True, slots=True)
class Costs:
    """What ran in a period, the dearest statements of it first; `calls` and `seconds` are of all."""

    since: datetime
    until: datetime
    calls: int
    seconds: float
    seconds_before: float | None
    statements: tuple[StatementCost, ...]

    @property
    def change(self) -> str | None:
        """Of the time in all, in words."""
        return _change(self.seconds, self.seconds_before, "more", "less")


@dataclass(frozen=True, slots=True)
class MissingIndex:
    """An index that would help: what makes it and takes it back, and how long its statements took in all."""

    table: str
    columns: tuple[str, ...]
    reason: str
    sql: str
    undo_sql: str
    size_bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Report:
    """One database at one moment.

    Attributes:
        failure: why there is nothing else in it; None for a whole one.
        own: what Subpulse ran there by its own measure; None for a watched database.
        others: what others ran, as pg_stat_statements counts it; None where it does not.
        bloat: tables and indexes that waste most; what of it is too much stands among the findings.
        stale: tables whose statistics were stale, and what became of them.
        unanswered: what could not be found out, and why.
    """

    target: str
    at: datetime
    failure: str | None = None
    own: Costs | None = None
    others: Costs | None = None
    findings: tuple[Finding, ...] = ()
    missing_indexes: tuple[MissingIndex, ...] = ()
    bloat: tuple[Bloat, ...] = ()
    stale: tuple[StaleTable, ...] = ()
    unanswered: tuple[Unanswered, ...] = ()


@dataclass(frozen=True, slots=True)
class Counters:
    """What pg_stat_statements had counted at a moment, without texts; and what of it fell into the period before.

    Attributes:
        since: when that period began.
        period: what was run in it.
    """

    at: datetime
    counted: Workload
    since: datetime
    period: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """A report that can be opened."""

    id: int
    at: datetime


async def add(db: Database, report: Report, counters: Counters | None = None) -> int:
    """Keep a report; its number. Counters that no later one will compare with are forgotten."""
    async with db.transaction() as session:
        number = await session.value(
            "reports.add",
            target=report.target,
            at=report.at,
            report=Jsonb(_of_reports().dump_python(report, mode="json")),
            counters=Jsonb(_of_counters().dump_python(counters, mode="json")) if counters else None,
        )
        await session.execute("reports.forget_counters", target=report.target, by=report.at - COMPARED_FROM)
    return int(number)


async def newest(db: Database, target: str, limit: int = SHOWN) -> Sequence[Kept]:
    """A database's reports, newest first."""
    return [Kept(**row) for row in await db.rows("reports.newest", target=target, limit=limit)]


async def one(db: Database, target: str, number: int) -> Report | None:
    """A report of that database; None when it is not kept."""
    found = await db.value("reports.one", target=target, id=number)
    return None if found is None else _of_reports().validate_python(found)


async def counters_before(db: Database, target: str, at: datetime) -> Counters | None:
    """What a report at that moment compares with; None for a first one."""
    found = await db.value("reports.counters", target=target, by=at - COMPARED_FROM)
    return None if found is None else _of_counters().validate_python(found)


@cache
def _of_reports() -> TypeAdapter[Report]:
    return TypeAdapter(Report)


@cache
def _of_counters() -> TypeAdapter[Counters]:
    return TypeAdapter(Counters)
