"""How much of what is read is read through indexes."""

from collections.abc import Iterable
from dataclasses import dataclass

from db.diagnosis.abilities import answered
from db.diagnosis.target import Target, question

COVERAGE_LEAST_ROWS = 10_000  # PgHero's missing_indexes looks at no smaller table


@dataclass(frozen=True, slots=True)
class Coverage:
    """How rows of a table were read since counting began: through indexes, or by going through the whole table.

    `percent` is the share of those read through indexes; None where none were read.
    """

    table: str
    rows: int
    scans: int
    scanned_rows: int
    index_rows: int
    percent: float | None


@answered
async def coverage(target: Target) -> list[Coverage]:
    """Of tables of COVERAGE_LEAST_ROWS or more how their rows were read, the most scanned first."""
    async with question(target) as session:
        rows = await session.rows(
            "diagnosis_coverage.tables", schema=target.schema, least_rows=COVERAGE_LEAST_ROWS
        )
    return [Coverage(**row) for row in rows]


def coverage_of_all(tables: Iterable[Coverage]) -> float | None:
    """Of all rows read from these tables the share that was read through indexes, in percent."""
    through, past = 0, 0
    for table in tables:
        through, past = through + table.index_rows, past + table.scanned_rows
    return 100 * through / (through + past) if through + past else None
