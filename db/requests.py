"""Requests in memory: appended by the middleware in a microsecond, counted into histograms when drained."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from db import histogram
from db.telemetry import RouteInterval

FOLD_AT = 10_000  # requests held one by one before they are counted
WINDOW_SECONDS = 10  # what the pulse's quantiles speak of
Key = tuple[str, str, int]  # route, method, status class


@dataclass(slots=True)
class RouteCounts:
    """One route's requests: durations as counts per bucket, seconds."""

    counts: histogram.Counts
    count: int = 0
    sum_seconds: float = 0.0
    max_seconds: float = 0.0

    def add(self, other: "RouteCounts") -> None:
        self.counts = self.counts + other.counts
        self.count += other.count
        self.sum_seconds += other.sum_seconds
        self.max_seconds = max(self.max_seconds, other.max_seconds)


@dataclass(slots=True)
class Drained:
    """What happened since the last drain, by route."""

    routes: dict[Key, RouteCounts] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.routes)

    @property
    def count(self) -> int:
        return sum(counted.count for counted in self.routes.values())

    def add(self, other: "Drained") -> None:
        for key, counted in other.routes.items():
            if key in self.routes:
                self.routes[key].add(counted)
            else:
                self.routes[key] = counted

    def intervals(self) -> Iterator[RouteInterval]:
        """As rows to store."""
        for (route, method, status_class), counted in self.routes.items():
            yield RouteInterval(
                route,
                method,
                status_class,
                counted.count,
                counted.sum_seconds,
                counted.max_seconds,
                histogram.encode(counted.counts),
            )


@dataclass(frozen=True, slots=True)
class Lately:
    """The last ten seconds, for the pulse: how many requests and server errors, over how long, and quantiles."""

    requests: int
    errors: int
    over_seconds: int
    p50: float | None
    p95: float | None
    p99: float | None


class RequestRecorder:
    """Requests of this process, from the middleware to the pulse (each second) and the table (each flush)."""

    def __init__(self) -> None:
        self._recent: list[tuple[Key, float]] = []
        self._unflushed = Drained()
        self._seconds: deque[Drained] = deque(maxlen=WINDOW_SECONDS)
        self._this_second = Drained()

    def add(self, route: str, method: str, status: int, seconds: float) -> None:
        """Note one request; `route` is a template, never a path."""
        self._recent.append(((route, method, status // 100), seconds))
        if len(self._recent) >= FOLD_AT:
            self._fold()

    def _fold(self) -> None:
        """Count the noted requests into this second and into what is to be flushed."""
        durations: dict[Key, list[float]] = {}
        for key, seconds in self._recent:
            durations.setdefault(key, []).append(seconds)
        self._recent.clear()
        for target in (self._this_second, self._unflushed):
            target.add(
                Drained(
                    {
                        key: RouteCounts(histogram.counts_of(found), len(found), sum(found), max(found))
                        for key, found in durations.items()
                    }
                )
            )

    def second(self) -> Lately:
        """Close the present second and say what happened in the last ten, this one included."""
        self._fold()
        ended, self._this_second = self._this_second, Drained()
        self._seconds.append(ended)
        lately = [(key, one) for second in self._seconds for key, one in second.routes.items()]
        p50, p95, p99 = (
            histogram.quantiles(np.sum([one.counts for _, one in lately], axis=0), (0.5, 0.95, 0.99))
            if lately
            else (None,) * 3
        )
        return Lately(
            requests=sum(one.count for _, one in lately),
            errors=sum(one.count for (_, _, status_class), one in lately if status_class == 5),
            over_seconds=len(self._seconds),
            p50=p50,
            p95=p95,
            p99=p99,
        )

    def drain(self) -> Drained:
        """Everything since the last drain, which is then forgotten here."""
        self._fold()
        drained, self._unflushed = self._unflushed, Drained()
        return drained

    def put_back(self, drained: Drained) -> None:
        """It could not be stored; keep it for the next drain."""
        self._unflushed.add(drained)
