"""What is advised: records, with units in their names; rows are per execution, costs in PostgreSQL's units."""

from dataclasses import dataclass
from typing import Literal

from db.advice.asked import Asked
from db.advice.definition import IndexDefinition

CheckedWith = Literal["hypopg", "estimate"]


@dataclass(frozen=True, slots=True)
class Served:
    """A statement that an index would help.

    Attributes:
        cost_before: of its generic plan.
        cost_after: the same with the index, where hypopg could tell.
        rows_before: how many rows of the table it reads, as far as statistics tell.
        rows_after: how many it would read through the index.
    """

    asked: Asked
    cost_before: float
    cost_after: float | None
    rows_before: float
    rows_after: float


@dataclass(frozen=True, slots=True)
class IndexAdvice:
    """An index that is missing.

    Attributes:
        columns: in their order, `descending` behind those that are.
        sql: what makes it; several statements where the table is partitioned.
        undo_sql: what takes it back.
        reason: one sentence for people.
        statements: those it serves, the longest in all first.
        size_bytes: how large it would be, estimated.
        checked_with: `hypopg`: PostgreSQL would use it, and the costs are its own; `estimate`: from statistics alone.
    """

    definition: IndexDefinition
    sql: str
    undo_sql: str
    reason: str
    statements: tuple[Served, ...]
    size_bytes: int
    checked_with: CheckedWith

    @property
    def table(self) -> str:
        return f"{self.definition.schema}.{self.definition.table}"

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(str(column) for column in self.definition.columns)

    @property
    def name(self) -> str:
        return self.definition.name

    @property
    def cost_before(self) -> float:
        return sum(one.cost_before for one in self.statements)

    @property
    def cost_after(self) -> float | None:
        """None where it was not asked for."""
        costs = [one.cost_after for one in self.statements]
        return None if None in costs else sum(cost for cost in costs if cost is not None)

    @property
    def rows_before(self) -> float:
        return sum(one.rows_before for one in self.statements)

    @property
    def rows_after(self) -> float:
        return sum(one.rows_after for one in self.statements)

    @property
    def total_seconds(self) -> float:
        """Of all its statements, in the time that was looked at."""
        return sum(one.asked.total_seconds for one in self.statements)


@dataclass(frozen=True, slots=True)
class Refused:
    """An index that comes to mind and is not advised, with one sentence that says why."""

    definition: IndexDefinition
    statement: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Unexplained:
    """A statement without a plan, and why."""

    statement: str
    why: str


@dataclass(frozen=True, slots=True)
class Advised:
    """What came of looking at statements: the most seconds first."""

    advice: tuple[IndexAdvice, ...]
    refused: tuple[Refused, ...]
    unexplained: tuple[Unexplained, ...]
    explained: int
    coverage_percent: float
    """which share of the statements' time was spent in those that could be looked at"""
