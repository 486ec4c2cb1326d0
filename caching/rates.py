"""A cache's counters as rates, for what stores readings every so often."""

import time
from collections.abc import Callable

from caching.cache import Cache

LONGEST_SECONDS = 60.0  # over a longer gap, as after an outage, a rate would tell of no moment
COUNTED = ("hits", "misses", "stale", "evictions", "expirations", "forgotten", "ghost_hits", "saved_ms")


class Rates:
    """Remembers counters from one reading to the next.

    Args:
        clock: seconds.
    """

    def __init__(self, cache: Cache, clock: Callable[[], float] = time.monotonic) -> None:
        self._cache, self._clock = cache, clock
        self._before: dict[str, tuple[float, list[float]]] = {}

    def take(self) -> dict[str, dict[str, float]]:
        """By namespace: each of COUNTED per second since the reading before, none in the first; items and bytes."""
        return {one["namespace"]: self._of(one["namespace"], one) for one in self._cache.stats()}

    def _of(self, name: str, told: dict[str, float]) -> dict[str, float]:
        now, counters = self._clock(), [told[counted] for counted in COUNTED]
        before, self._before[name] = self._before.get(name), (now, counters)
        kept = {"items": told["items"], "bytes": told["bytes"]}
        if before is None or not 0 < now - before[0] <= LONGEST_SECONDS:
            return kept
        growth = zip(COUNTED, counters, before[1], strict=True)
        return {**kept, **{name: (count - earlier) / (now - before[0]) for name, count, earlier in growth}}
