"""Readings of processes, machine and PostgreSQL over time, and what watching them costs."""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from dashboard.data.bridge import Row, asked
from dashboard.kept import kept
from db import samples, series, watching
from db.levels import finest_at
from db.series import SERIES
from db.watching import Stored

__all__ = [
    "Readings",
    "Stored",
    "processes",
    "readings",
    "series_title",
    "telemetry_tables",
    "watching_parts",
]

COLUMNS = ("at", "mean", "low", "high")


@dataclass(frozen=True, slots=True)
class Readings:
    """Series in steps; kept as bare numbers, because as dictionaries they take ten times the memory.

    Attributes:
        step_seconds: at least as asked for, longer where the range is so old that nothing finer is kept.
        columns: for each series that has any, epoch seconds, mean, lowest and highest of each step.
    """

    step_seconds: int
    columns: Mapping[str, tuple["array[float]", ...]]

    def steps(self, name: str) -> list[Row]:
        """at, mean, low, high of each step that has readings, oldest first."""
        return [
            {"at": datetime.fromtimestamp(at, UTC), "mean": mean, "low": low, "high": high}
            for at, mean, low, high in zip(*self.columns.get(name, ((),) * len(COLUMNS)), strict=True)
        ]

    def mean(self, name: str) -> float | None:
        """Over the whole range; None without readings."""
        means = self.columns[name][1] if name in self.columns else ()
        return sum(means) / len(means) if means else None

    def last(self, name: str) -> float | None:
        """The newest mean; None without readings."""
        return self.columns[name][1][-1] if name in self.columns else None

    def most(self, name: str) -> float | None:
        """The highest reading of the range; None without readings."""
        return max(self.columns[name][3]) if name in self.columns else None


@kept(seconds=5, entries=12)
def readings(since: datetime, until: datetime, step_seconds: int, process: str | None) -> Readings:
    """Every series of one process, or the mean of all; what all processes read alike is the mean of all anyway."""
    step = max(step_seconds, finest_at(since.timestamp(), datetime.now(UTC).timestamp()).width)
    each = [name for name, one in SERIES.items() if one.merge == "each" or process is None]
    found = asked("system", lambda db: samples.over_time(db, each, since, until, step, process))
    return Readings(step, {name: _columns(steps) for name, steps in found.items() if steps})


def _columns(steps: list[Row]) -> tuple["array[float]", ...]:
    return (
        array("d", [step["at"].timestamp() for step in steps]),
        *(array("d", [step[name] for step in steps]) for name in COLUMNS[1:]),
    )


@kept(seconds=20, entries=12)
def processes(since: datetime, until: datetime) -> list[str]:
    """Names of the processes that stored readings in a range, the app's first."""
    return asked("system", lambda db: series.processes(db, since, until))


def series_title(name: str) -> str:
    """What people call a series."""
    return SERIES[name].title


def watching_parts() -> dict[str, str]:
    """The parts of what watching costs: series, and what it is called."""
    return {f"watching_{part}": title for part, title in series.WATCHING.items()}


@kept(seconds=60, entries=1)
def telemetry_tables() -> tuple[list[Stored], int]:
    """Every table of telemetry, the largest first; and the bytes of the whole database."""
    return asked("system", watching.stored)
