"""What executions of statements came to, in memory: durations, sums, and the slow ones by themselves."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from psycopg.abc import Params

from db import histogram
from db.drained import Drained

# What adds up beside the durations, numbered after the last bucket of the histogram.
CALLS, ROWS, REUSES, UNREUSED, SLOW, MICROSECONDS = range(histogram.BUCKETS, histogram.BUCKETS + 6)
SUMS = 6
Key = tuple[str, str]  # statement, asker


class Cost(dict[int, int]):
    """What executions cost: how often each bucket of the histogram was met, and the sums; what is not there is 0."""

    def count(self, seconds: float, rows: int, reused: bool | None, slow: bool) -> None:
        """Add one execution."""
        get = self.get
        bucket = histogram.bucket_of(seconds)
        self[bucket] = get(bucket, 0) + 1
        self[CALLS] = get(CALLS, 0) + 1
        self[MICROSECONDS] = get(MICROSECONDS, 0) + round(seconds * 1e6)
        if rows:
            self[ROWS] = get(ROWS, 0) + rows
        if reused is not None:
            kind = REUSES if reused else UNREUSED
            self[kind] = get(kind, 0) + 1
        if slow:
            self[SLOW] = get(SLOW, 0) + 1

    def __add__(self, other: "Cost") -> "Cost":
        both = Cost(self)
        for bucket, times in other.items():
            both[bucket] = both.get(bucket, 0) + times
        return both

    @property
    def calls(self) -> int:
        return self.get(CALLS, 0)


@dataclass(frozen=True, slots=True)
class SlowQuery:
    """One execution that took longer than the threshold; `params` never leave the process.

    Attributes:
        at: when it ended, epoch seconds.
        reused: whether it reused a prepared statement; None where that is not known.
    """

    at: float
    text: str
    asker: str
    seconds: float
    rows: int
    params: Params | None
    reused: bool | None = None


@dataclass(slots=True)
class DrainedStatements(Drained[Key, Cost]):
    """Costs by the interval in which statements ended; their texts by name; the slow executions that were kept."""

    texts: dict[str, str] = field(default_factory=dict)
    slow: list[SlowQuery] = field(default_factory=list)

    @property
    def together(self) -> dict[Key, Cost]:
        """The costs of all intervals by statement and asker."""
        found: dict[Key, Cost] = {}
        for interval in self.intervals.values():
            for key, cost in interval.items():
                found[key] = found.get(key, Cost()) + cost
        return found

    @property
    def calls(self) -> int:
        return sum(cost.calls for interval in self.intervals.values() for cost in interval.values())


def parameter_types(params: Params | None) -> dict[str, str]:
    """The types of a statement's parameters, never their values."""
    if params is None:
        return {}
    pairs = enumerate(params, 1) if isinstance(params, Sequence) else params.items()
    return {str(name): type(value).__name__ for name, value in pairs}
