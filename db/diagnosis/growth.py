"""How databases, tables and indexes grow: one size a day each, kept in our own database for four hundred days."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from db.database import Database
from db.diagnosis.abilities import Unanswered, answered
from db.diagnosis.target import Target, question

MOST_NOTED = 500
"""tables, and as many indexes, of each target: the largest"""
DAY_SECONDS = 86_400.0

Kind = Literal["database", "table", "index"]


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes of a database, a table with all that belongs to it, or an index; partitions count together."""

    kind: Kind
    name: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Growth:
    """The first and the last size known in a range, and the days of them."""

    kind: Kind
    name: str
    since: datetime
    until: datetime
    bytes_before: int
    bytes: int

    @property
    def bytes_a_day(self) -> float | None:
        """None with one day known."""
        days = (self.until - self.since).total_seconds() / DAY_SECONDS
        return (self.bytes - self.bytes_before) / days if days else None


@answered
async def read_sizes(target: Target) -> list[Size]:
    """Sizes at present, of the MOST_NOTED largest tables and indexes and of the whole database."""
    async with question(target) as session:
        rows = await session.rows("diagnosis_growth.read", schema=target.schema, most=MOST_NOTED)
    return [Size(**row) for row in rows]


async def note_sizes(db: Database, target: Target) -> int | Unanswered:
    """Keep the target's sizes in our own database, as those of today; how many. To be called once an hour or so.

    Raises:
        DatabaseDown: the target or our own database is away.
    """
    found = await read_sizes(target)
    if isinstance(found, Unanswered):
        return found
    return await db.execute(
        "diagnosis_growth.note",
        target=target.name,
        kinds=[one.kind for one in found],
        names=[one.name for one in found],
        bytes=[one.bytes for one in found],
    )


async def first_seen(db: Database, target: str) -> dict[str, datetime]:
    """Since when each index of a target is known, by its name; one that went and came back counts from before."""
    rows = await db.rows("diagnosis_growth.first_seen", target=target)
    return {row["name"]: row["at"] for row in rows}


async def growth(db: Database, target: str, since: datetime, until: datetime) -> list[Growth]:
    """What grew between two days, most first."""
    rows = await db.rows("diagnosis_growth.between", target=target, since=since, until=until)
    return [Growth(**row) for row in rows]
