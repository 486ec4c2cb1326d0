"""Tables: how large they are, what vacuum has left to do, and how old their statistics are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from db.diagnosis.abilities import answered
from db.diagnosis.finding import Finding
from db.diagnosis.target import Target, question
from db.diagnosis.words import number

DEAD_ROWS_TIMES = 2.0
TOO_MANY_DEAD_ROWS_TIMES = 5.0
DEAD_LEAST_ROWS = 10_000
CHANGED_ROWS_TIMES = 2.0
STATISTICS_LEAST_ROWS = 10_000
RESPITE_SECONDS = 600.0  # autovacuum looks once a minute, and then has to work


@dataclass(frozen=True, slots=True)
class TableSize:
    """A table, or all partitions of one together.

    Attributes:
        rows: as PostgreSQL estimates them.
        row_bytes: of rows in the table itself, `toast_bytes` of long values beside it.
        bytes: of all of it.
    """

    table: str
    partitions: int
    rows: int
    row_bytes: int
    toast_bytes: int
    index_bytes: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What vacuum and ANALYZE have to do for a table or a partition.

    Attributes:
        root: the partitioned table it belongs to, else the table itself.
        is_partitioned: whether it has partitions: no rows of its own, but statistics of all of them.
        dead_rows_due: from how many dead rows on autovacuum takes it up.
        changed_rows: since the last ANALYZE; autovacuum takes it up from `changed_rows_due` on.
        by_itself: whether autovacuum looks after it.
        has_statistics: whether there are any at all; None where we may not see them.
        server_started_at: before which autovacuum cannot have been at work.
    """

    table: str
    is_partitioned: bool
    root: str
    rows: int
    dead_rows: int
    changed_rows: int
    vacuumed_at: datetime | None
    analyzed_at: datetime | None
    by_itself: bool
    dead_rows_due: float
    changed_rows_due: float
    being_vacuumed: bool
    server_started_at: datetime
    has_statistics: bool | None


@answered
async def sizes(target: Target) -> list[TableSize]:
    """Every judged table, the largest first."""
    async with question(target) as session:
        return [
            TableSize(**row) for row in await session.rows("diagnosis_tables.sizes", schema=target.schema)
        ]


@answered
async def upkeep(target: Target) -> list[Upkeep]:
    """What is left to do, table by table and partition by partition, the most dead rows first."""
    async with question(target) as session:
        return [Upkeep(**row) for row in await session.rows("diagnosis_tables.upkeep", schema=target.schema)]


def overdue_vacuum(tables: Iterable[Upkeep], now: datetime | None = None) -> list[Upkeep]:
    """Tables with DEAD_ROWS_TIMES as many dead rows as autovacuum waits for, and DEAD_LEAST_ROWS at least."""
    respite = (now or datetime.now(UTC)) - timedelta(seconds=RESPITE_SECONDS)
    return [
        one
        for one in tables
        if one.dead_rows >= max(DEAD_ROWS_TIMES * one.dead_rows_due, DEAD_LEAST_ROWS)
        and not one.being_vacuumed
        and (one.vacuumed_at is None or one.vacuumed_at < respite)
    ]


def stale_statistics(tables: Sequence[Upkeep], now: datetime | None = None) -> list[Upkeep]:
    """Tables of STATISTICS_LEAST_ROWS or more whose statistics are missing, or of far fewer or other rows.

    On a server that has just started nothing has had the time to make any.
    """
    respite = (now or datetime.now(UTC)) - timedelta(seconds=RESPITE_SECONDS)
    below: dict[str, int] = {}
    for one in tables:
        below[one.root] = below.get(one.root, 0) + one.rows
    found = []
    for one in tables:
        rows = below.get(one.table, 0) if one.is_partitioned else one.rows
        is_old = one.changed_rows >= max(CHANGED_ROWS_TIMES * one.changed_rows_due, STATISTICS_LEAST_ROWS)
        rested = one.analyzed_at is None or one.analyzed_at < respite
        is_missing = rows >= STATISTICS_LEAST_ROWS and one.has_statistics is False
        if one.server_started_at < respite and (is_missing or (is_old and rested)):
            found.append(one)
    return found


def judged(tables: Sequence[Upkeep], now: datetime | None = None) -> list[Finding]:
    """What is wrong with the upkeep of tables."""
    findings = [_overdue(one) for one in overdue_vacuum(tables, now)]
    return findings + [stale_finding(one) for one in stale_statistics(tables, now)]


def _overdue(one: Upkeep) -> Finding:
    why = "" if one.by_itself else " Autovacuum is off for it."
    return Finding(
        "bad" if one.dead_rows >= TOO_MANY_DEAD_ROWS_TIMES * one.dead_rows_due else "watch",
        "Dead rows",
        f"{one.table} has {number(one.dead_rows)} dead rows beside {number(one.rows)} live ones; autovacuum begins "
        f"at {number(one.dead_rows_due)}, and {DEAD_ROWS_TIMES:g} times as many say that it does not keep up, or "
        f"that an old transaction holds them.{why}",
        f"VACUUM (ANALYZE) {one.table}",
    )


def stale_finding(one: Upkeep) -> Finding:
    """What is wrong with the statistics of a table that is among the stale ones."""
    if one.has_statistics is False:
        why = "has no statistics at all, so that the planner guesses"
        why += "; of a table with partitions PostgreSQL makes none by itself" if one.is_partitioned else ""
    else:
        why = (
            f"has changed in {number(one.changed_rows)} rows since the last ANALYZE; autovacuum begins at "
            f"{number(one.changed_rows_due)}, and {CHANGED_ROWS_TIMES:g} times as many say that it does not keep up"
        )
    return Finding("watch", "Stale statistics", f"{one.table} {why}.", f"ANALYZE {one.table}")
