"""Figures before they are written down: a family has one name, one help text, one kind and a sample per labels."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from db.histogram import Counts

Labels = Mapping[str, str]
Scalar = Literal["counter", "gauge"]


@dataclass(frozen=True, slots=True)
class Family:
    """A counter or gauge; `name` as it is queried, so a counter's ends in `_total`."""

    name: str
    help: str
    kind: Scalar
    samples: list[tuple[Labels, float]] = field(default_factory=list)

    def add(self, value: float | None, **labels: str) -> None:
        """One sample; what is not known is left out."""
        if value is not None:
            self.samples.append((labels, value))


@dataclass(frozen=True, slots=True)
class Durations:
    """Durations in our log buckets, shape (BUCKETS,), and their sum in seconds."""

    counts: Counts
    sum_seconds: float


@dataclass(frozen=True, slots=True)
class DurationFamily:
    """Durations, told as a histogram; no label may be named `le`."""

    name: str
    help: str
    samples: list[tuple[Labels, Durations]] = field(default_factory=list)
    edges: tuple[float, ...] = ()
    """further edges in seconds that the text formats tell, besides buckets.EDGES"""

    def add(self, durations: Durations, **labels: str) -> None:
        self.samples.append((labels, durations))


AnyFamily = Family | DurationFamily
