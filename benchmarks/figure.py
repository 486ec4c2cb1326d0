"""What a figure is: a question, how to answer it, and the answer in a row or two."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benchmarks.lab import Lab


@dataclass(frozen=True, slots=True)
class Goal:
    """What a reading should come to: at most `limit`, or at least."""

    limit: float
    at_least: bool = False

    def reached_by(self, measured: float) -> bool:
        return measured >= self.limit if self.at_least else measured <= self.limit


@dataclass(frozen=True, slots=True)
class Reading:
    """One row of the table; `raw` holds the numbers behind it, units in their names."""

    name: str
    measured: float
    unit: str
    goal: Goal | None = None
    raw: dict[str, Any] = field(default_factory=dict)

    @property
    def reached(self) -> bool | None:
        """None where there is nothing to reach."""
        return self.goal.reached_by(self.measured) if self.goal else None


@dataclass(frozen=True, slots=True)
class Figure:
    """Something to measure. It may take `limit_seconds`, then it is stopped and counts as failed."""

    name: str
    run: Callable[[Lab], list[Reading]]
    limit_seconds: int

    @property
    def summary(self) -> str:
        """The first line of its module's docstring."""
        return (self.run.__globals__["__doc__"] or "").partition("\n")[0]
