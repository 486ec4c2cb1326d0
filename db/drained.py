"""What was counted in memory and waits to be stored: by the interval in which it was met, then by what it was."""

from dataclasses import dataclass, field
from typing import Generic, Protocol, Self, TypeVar


class Addable(Protocol):
    """Counts of any form that add up, whichever interval and process they come from."""

    def __add__(self, other: Self, /) -> Self: ...


K = TypeVar("K")
C = TypeVar("C", bound=Addable)


@dataclass(slots=True)
class Drained(Generic[K, C]):
    """Counts by interval (its start, epoch seconds) and key."""

    intervals: dict[int, dict[K, C]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.intervals)

    def add(self, other: "Drained[K, C]") -> None:
        """Count what another counted too."""
        for start, found in other.intervals.items():
            merge(self.intervals.setdefault(start, {}), found)

    def shrink(self, most: int) -> None:
        """Fold the oldest intervals together until at most so many counts are held: an outage costs resolution."""
        held = sum(map(len, self.intervals.values()))
        while held > most and len(self.intervals) > 1:
            oldest, second = sorted(self.intervals)[:2]
            into = self.intervals[second]
            held -= len(into)
            merge(into, folded := self.intervals.pop(oldest))
            held += len(into) - len(folded)


def merge(into: dict[K, C], other: dict[K, C]) -> None:
    """Add the counts of one interval to those of another."""
    for key, counts in other.items():
        into[key] = into[key] + counts if key in into else counts
