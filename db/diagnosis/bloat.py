"""Room that tables and B-tree indexes take without using it, estimated from the widths in pg_stats.

It is the estimate that PostgreSQL's wiki ("Show database bloat"), check_postgres and PgHero make, without reading a
page. Padding between columns is not counted, so that of a narrow table up to a fifth may be taken for waste, and an
index that is written in random order is two thirds full at best; what is judged lies well above both.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from db.diagnosis.abilities import Unanswered, answered, granting
from db.diagnosis.finding import Finding
from db.diagnosis.target import Target, question
from db.diagnosis.words import size

BLOAT_PERCENT = 50.0
BLOAT_LEAST_BYTES = 100 * 2**20  # PgHero's index bloat begins there
TOO_MUCH_BLOAT_BYTES = 2**30
TOLD = 10
TOLD_LEAST_BYTES = 10 * 2**20


@dataclass(frozen=True, slots=True)
class Bloat:
    """A table or an index, partitions together: bytes it takes, and those of them that it does not need."""

    name: str
    table: str
    bytes: int
    wasted_bytes: int

    @property
    def percent(self) -> float:
        """Of its bytes, those not needed."""
        return 100 * self.wasted_bytes / self.bytes if self.bytes else 0.0


@dataclass(frozen=True, slots=True)
class Bloated:
    """Estimates, the most waste first; of `hidden` tables we may not see the statistics."""

    tables: Sequence[Bloat]
    indexes: Sequence[Bloat]
    hidden: int


@answered
async def bloat(target: Target) -> Bloated | Unanswered:
    """How much of each judged table and B-tree index is wasted, as far as statistics say."""
    async with question(target) as session:
        seen = await session.row("diagnosis_bloat.hidden", schema=target.schema)
        assert seen is not None
        if seen["all"] and seen["hidden"] == seen["all"]:
            return Unanswered(
                "Statistics of columns are hidden from who may not read the tables.",
                granting(target, "pg_read_all_data"),
            )
        tables = await session.rows("diagnosis_bloat.tables", schema=target.schema)
        indexes = await session.rows("diagnosis_bloat.indexes", schema=target.schema)
    return Bloated([Bloat(**row) for row in tables], [Bloat(**row) for row in indexes], seen["hidden"])


def most(found: Bloated) -> list[Bloat]:
    """Tables and indexes that waste most, whether or not that is judged: TOLD of them, from TOLD_LEAST_BYTES on."""
    each = [one for one in (*found.tables, *found.indexes) if one.wasted_bytes >= TOLD_LEAST_BYTES]
    return sorted(each, key=lambda one: -one.wasted_bytes)[:TOLD]


def judged(found: Bloated) -> list[Finding]:
    """What is wrong: at least BLOAT_PERCENT of it, and BLOAT_LEAST_BYTES, are wasted."""
    return [_table(one) for one in found.tables if _is_much(one)] + [
        _index(one) for one in found.indexes if _is_much(one)
    ]


def _is_much(one: Bloat) -> bool:
    return one.percent >= BLOAT_PERCENT and one.wasted_bytes >= BLOAT_LEAST_BYTES


def _said(one: Bloat) -> str:
    return (
        f"By estimate {size(one.wasted_bytes)} of {one.name}'s {size(one.bytes)}, {one.percent:.0f} %, are empty; "
        f"{BLOAT_PERCENT:.0f} % and {size(BLOAT_LEAST_BYTES)} are the limits."
    )


def _table(one: Bloat) -> Finding:
    return Finding(
        "bad" if one.wasted_bytes >= TOO_MUCH_BLOAT_BYTES else "watch",
        "A bloated table",
        f"{_said(one)} New rows will fill it. VACUUM FULL gives it back at once, and lets nobody use the table "
        "meanwhile.",
    )


def _index(one: Bloat) -> Finding:
    return Finding(
        "bad" if one.wasted_bytes >= TOO_MUCH_BLOAT_BYTES else "watch",
        "A bloated index",
        f"{_said(one)} Making it anew gives it back; the table can be used meanwhile.",
        f"REINDEX INDEX CONCURRENTLY {one.name}",
    )
