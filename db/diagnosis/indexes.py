"""Indexes that only cost: unused, covered by another, or left half made."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from db.diagnosis.abilities import answered
from db.diagnosis.finding import Finding
from db.diagnosis.target import Target, question
from db.diagnosis.words import number, size

UNUSED_DAYS = 14.0
UNUSED_LEAST_BYTES = 8 * 2**20


@dataclass(frozen=True, slots=True)
class Index:
    """An index, or all partitions of one together.

    Attributes:
        index: its name, and `table` its table's, with the schema and in quotes where they are needed.
        schema_name: its schema, and `index_name` itself, as they are.
        keys: columns or expressions, in their order.
        orders: PostgreSQL's flags of descending and nulls first, one number per key.
        is_needed: whether a constraint, the replica identity or CLUSTER holds on to it.
        building: whether somebody may just be making it.
        scans: how often it was used since counting began.
        drop_sql: without CONCURRENTLY where the table is partitioned, for which PostgreSQL has no such way.
    """

    index: str
    schema_name: str
    index_name: str
    table: str
    method: str
    keys: Sequence[str]
    included: Sequence[str]
    operator_classes: str
    collations: str
    orders: str
    predicate: str | None
    has_expressions: bool
    is_unique: bool
    nulls_not_distinct: bool
    is_needed: bool
    is_valid: bool
    is_partitioned: bool
    building: bool
    bytes: int
    scans: int
    partitions: int
    drop_sql: str
    create_sql: str


@dataclass(frozen=True, slots=True)
class Counting:
    """Since when uses are counted, at least; None where PostgreSQL does not say. Replicas count what they use."""

    since: datetime | None
    has_replicas: bool
    is_replica: bool


@dataclass(frozen=True, slots=True)
class Unused:
    """Indexes that nothing used: those of which that is known for UNUSED_DAYS, and those that may be new, or whose
    uses have not been counted for long enough."""

    unused: Sequence[Index]
    too_early: Sequence[Index]
    counted: Counting


@dataclass(frozen=True, slots=True)
class Covered:
    """An index that another one makes superfluous."""

    index: Index
    by: Index


@answered
async def indexes(target: Target) -> list[Index]:
    """Every index of the judged tables, the largest first."""
    async with question(target) as session:
        rows = await session.rows("diagnosis_indexes.all", schema=target.schema)
    return [Index(**row) for row in rows if row["create_sql"] is not None]  # else it was dropped meanwhile


@answered
async def counting(target: Target) -> Counting:
    """Since when uses of indexes are counted here."""
    async with question(target) as session:
        row = await session.row("diagnosis_indexes.counted_since")
    assert row is not None
    return Counting(**row)


def unused(
    found: Iterable[Index],
    counted: Counting,
    known_since: Mapping[str, datetime],
    now: datetime | None = None,
) -> Unused:
    """Indexes of UNUSED_LEAST_BYTES or more that nothing uses and nothing needs.

    Args:
        known_since: when each index was first seen, by its name (`db.diagnosis.growth.first_seen`): PostgreSQL itself
            does not note when one was made.
    """
    idle = [one for one in found if _only_costs(one) and one.bytes >= UNUSED_LEAST_BYTES]
    limit = (now or datetime.now(UTC)) - timedelta(days=UNUSED_DAYS)
    counts_long = counted.since is not None and counted.since <= limit and not counted.is_replica
    sure = [one for one in idle if counts_long and known_since.get(one.index, limit) < limit]
    return Unused(sure, [one for one in idle if one not in sure], counted)


def _only_costs(one: Index) -> bool:
    return not (one.scans or one.is_unique or one.is_needed or one.building) and one.is_valid


def covered(found: Iterable[Index]) -> list[Covered]:
    """Indexes without which every statement would do as well, because another one has all that they have."""
    by_table: dict[str, list[Index]] = {}
    for one in found:
        if one.is_valid and not one.building:
            by_table.setdefault(one.table, []).append(one)
    pairs = []
    for together in by_table.values():
        for one in together:
            covers = [other for other in together if _is_covered(one, other)]
            if covers:
                pairs.append(Covered(one, max(covers, key=_worth)))
    return sorted(pairs, key=lambda pair: (-pair.index.bytes, pair.index.index))


def _is_covered(one: Index, other: Index) -> bool:
    if one is other or one.is_needed or one.method != other.method or one.predicate != other.predicate:
        return False
    if not set(one.included) <= {*other.keys, *other.included}:
        return False
    same = _parts(one) == _parts(other)
    if one.is_unique:
        forbids = other.is_unique and one.nulls_not_distinct == other.nulls_not_distinct
        return same and forbids and _worth(other) > _worth(one)
    if same:
        return _worth(other) > _worth(one)
    return one.method == "btree" and _parts(other)[: len(one.keys)] == _parts(one)


def _parts(one: Index) -> list[tuple[str, str, str, str]]:
    """What makes up each key: column or expression, operator class, collation, order."""
    return list(
        zip(
            one.keys,
            one.operator_classes.split(),
            one.collations.split(),
            one.orders.split(),
            strict=True,
        )
    )


def _worth(one: Index) -> tuple[bool, bool, int, int, int, str]:
    """Which of two to keep: what is needed or forbids, has more columns, was used more; else either."""
    return (one.is_needed, one.is_unique, len(one.keys), len(one.included), one.scans, one.index)


def invalid(found: Iterable[Index]) -> list[Index]:
    """Indexes that are kept up to date and never used, left by a CREATE INDEX CONCURRENTLY or REINDEX that failed.

    One over partitions is not among them: it counts as invalid until all partitions have one of their own.
    """
    return [one for one in found if not (one.is_valid or one.is_partitioned or one.building)]


@dataclass(frozen=True, slots=True)
class Unneeded:
    """An index that only costs, and why."""

    index: Index
    finding: Finding


def unneeded(found: Sequence[Index], idle: Unused | None) -> list[Unneeded]:
    """Indexes that are half made, doubled or unused; each is told of once.

    Not unused is what is to serve in the place of one that is used: with both of them gone nothing would.
    """
    half_made, doubled = invalid(found), covered(found)
    told = {one.index for one in half_made} | {pair.index.index for pair in doubled}
    told |= {pair.by.index for pair in doubled if pair.index.scans}
    only_cost = [Unneeded(one, _half_made(one)) for one in half_made]
    only_cost += [Unneeded(pair.index, _doubled(pair)) for pair in doubled]
    if idle is not None:
        only_cost += [Unneeded(one, _idle(one, idle)) for one in idle.unused if one.index not in told]
    return only_cost


def judged(found: Sequence[Index], idle: Unused | None) -> list[Finding]:
    """What is wrong with indexes."""
    return [one.finding for one in unneeded(found, idle)]


def _half_made(one: Index) -> Finding:
    remedy = f"REINDEX INDEX CONCURRENTLY {one.index}" if one.is_needed else one.drop_sql
    return Finding(
        "bad",
        "An invalid index",
        f"{one.index} on {one.table} ({size(one.bytes)}) was not made to its end: every write keeps it up to "
        "date and nothing reads it.",
        remedy,
        None if one.is_needed else one.create_sql,
    )


def _doubled(pair: Covered) -> Finding:
    what = "has the same columns as" if len(pair.index.keys) == len(pair.by.keys) else "is the beginning of"
    return Finding(
        "watch",
        "A duplicate index",
        f"{pair.index.index} on {pair.index.table} ({size(pair.index.bytes)}) {what} {pair.by.index}, which serves "
        "every statement as well.",
        pair.index.drop_sql,
        pair.index.create_sql,
    )


def _idle(one: Index, idle: Unused) -> Finding:
    assert idle.counted.since is not None
    days = number((datetime.now(UTC) - idle.counted.since).days)
    but = " What replicas read is not counted here: look there too." if idle.counted.has_replicas else ""
    if one.has_expressions:
        but += " Its expression's statistics may help the planner even so: look at plans after dropping it."
    return Finding(
        "watch",
        "An unused index",
        f"{one.index} on {one.table} takes {size(one.bytes)} and time at every write, and nothing has read it in "
        f"{days} days; {UNUSED_DAYS:.0f} days and {size(UNUSED_LEAST_BYTES)} are the limits.{but}",
        one.drop_sql,
        one.create_sql,
    )
