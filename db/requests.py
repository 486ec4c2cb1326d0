"""Requests in memory: appended by the middleware in a microsecond, counted into histograms when drained."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from db import histogram
from db.drained import Drained, merge
from db.slowest import Ended, Slowest, SlowRequest
from db.trace import Trace

FOLD_AT = 10_000  # requests held one by one before they are counted
WINDOW_SECONDS = 10  # what the pulse's quantiles speak of
INTERVAL_SECONDS = 10  # what is stored together
HISTOGRAMS_KEPT = 4_000  # unflushed, 10 kB each
KEYS_KEPT = 2_000  # different routes, methods and classes
OTHER = "(other)"  # the route of all beyond
NOT_API = frozenset({"PAGE", "PROBE"})
Key = tuple[str, str, int]  # route, method, status class


@dataclass(slots=True)
class RouteCounts:
    """One route's requests: durations as counts per bucket, shape (BUCKETS,), and their sum in seconds."""

    counts: histogram.Counts
    count: int = 0
    sum_seconds: float = 0.0

    def add(self, other: "RouteCounts") -> None:
        self.counts = self.counts + other.counts
        self.count += other.count
        self.sum_seconds += other.sum_seconds


class DrainedRequests(Drained[Key, histogram.Counts]):
    """Requests by the interval in which they ended, then by route."""

    @property
    def count(self) -> int:
        return sum(int(counts.sum()) for one in self.intervals.values() for counts in one.values())


def _seconds(ended: Ended) -> float:
    return ended[3]


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

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.totals: dict[Key, RouteCounts] = {}  # since the process began
        self._clock = clock
        self._slowest = Slowest()
        self._recent: list[Ended] = []
        self._sources: list[Callable[[], Iterable[Ended]]] = []
        self._unflushed = DrainedRequests()
        self._seconds: deque[dict[Key, RouteCounts]] = deque(maxlen=WINDOW_SECONDS)
        self._this_second: dict[Key, RouteCounts] = {}

    def take_from(self, source: Callable[[], Iterable[Ended]]) -> None:
        """From now on, count what the source gives as well; it gives each request once."""
        self._sources.append(source)

    def add(
        self,
        route: str,
        method: str,
        status: int,
        seconds: float,
        trace: Trace | None = None,
        query: bytes = b"",
    ) -> None:
        """Note one request that ends now.

        Args:
            route: a template, never a path.
            trace: the statements it ran, when they were noted.
            query: its query string, of which only parameters' names are ever kept.
        """
        self._recent.append((route, method, status, seconds, self._clock(), trace or None, query))
        if len(self._recent) >= FOLD_AT:
            self.fold()

    def fold(self) -> None:
        """Count the noted requests into this second, the totals and what is to be flushed."""
        recent, self._recent = self._recent, []
        for source in self._sources:
            recent.extend(source())
        by_interval: dict[tuple[int, Key], list[Ended]] = {}
        for ended in recent:
            route, method, status, _, ended_at, *_ = ended
            start = int(ended_at // INTERVAL_SECONDS) * INTERVAL_SECONDS
            by_interval.setdefault((start, (route, method, status // 100)), []).append(ended)
        for (start, named), found in by_interval.items():
            key = self._known(named)
            durations = [_seconds(ended) for ended in found]
            counts = histogram.counts_of(durations)
            merge(self._unflushed.intervals.setdefault(start, {}), {key: counts})
            for target in (self.totals, self._this_second):
                counted = RouteCounts(counts, len(found), sum(durations))
                if key in target:
                    target[key].add(counted)
                else:
                    target[key] = counted
            self._slowest.add(key[0], max(found, key=_seconds))
        self._unflushed.shrink(HISTOGRAMS_KEPT)

    def _known(self, key: Key) -> Key:
        return key if key in self.totals or len(self.totals) < KEYS_KEPT else (OTHER, *key[1:])

    def second(self) -> Lately:
        """Close the present second and say what the API did in the last ten, this one included."""
        self.fold()
        ended, self._this_second = self._this_second, {}
        self._seconds.append(ended)
        lately = [
            (key, one) for second in self._seconds for key, one in second.items() if key[1] not in NOT_API
        ]
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

    def drain(self) -> DrainedRequests:
        """Everything since the last drain, which is then forgotten here."""
        self.fold()
        drained, self._unflushed = self._unflushed, DrainedRequests()
        return drained

    def put_back(self, drained: DrainedRequests) -> None:
        """It could not be stored; keep it for the next drain."""
        self._unflushed.add(drained)
        self._unflushed.shrink(HISTOGRAMS_KEPT)

    def drain_slow(self) -> list[SlowRequest]:
        """The slowest requests of the minutes that are over, which are then forgotten here."""
        self.fold()
        return self._slowest.drain(self._clock())

    def put_back_slow(self, slow: list[SlowRequest]) -> None:
        """They could not be stored; keep them for the next drain."""
        self._slowest.put_back(slow)
