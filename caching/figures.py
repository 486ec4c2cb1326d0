"""What a namespace did, counted: for people, for /metrics, and for advice."""

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass, field
from heapq import nlargest
from typing import Any

from caching.entry import Entry, key_text

KEYS_REMEMBERED = 500
TOP_KEYS = 10


@dataclass(slots=True)
class Counters:
    """Since the process began.

    Attributes:
        hits: askers who got an answer that somebody else had computed, `stale` ones and waiting ones included.
        misses: askers who had to compute.
        stale: hits on an answer past its time, while a new one was being computed.
        shared_hits: answers found in the second level: a hit too, though not from memory.
        negative_hits: hits on the answer that there is nothing.
        refreshes: answers computed anew before anybody had to wait for them.
        expirations: answers dropped because their time was over.
        invalidations: times that a write, or a hand, made it forget something.
        forgotten: answers forgotten so.
        forgotten_by_hand: those of them that a person cleared.
        ghost_hits: misses on what was pushed out lately, and what a store of twice the size would have had.
        uncovered: answers not served because this process did not hear of writes.
        saved_seconds: what computing the hits' answers had taken.
        computing_seconds: what computing took in all.
    """

    hits: int = 0
    misses: int = 0
    stale: int = 0
    shared_hits: int = 0
    negative_hits: int = 0
    refreshes: int = 0
    expirations: int = 0
    invalidations: int = 0
    forgotten: int = 0
    forgotten_by_hand: int = 0
    ghost_hits: int = 0
    uncovered: int = 0
    saved_seconds: float = 0.0
    computing_seconds: float = 0.0


@dataclass(slots=True)
class PastKeys:
    """Hits of keys that are no longer kept, of the most asked ones only."""

    hits: Counter[Hashable] = field(default_factory=Counter)

    def add(self, key: Hashable, hits: int) -> None:
        if hits:
            self.hits[key] += hits
            if len(self.hits) > 2 * KEYS_REMEMBERED:
                self.hits = Counter(dict(self.hits.most_common(KEYS_REMEMBERED)))

    def top(self, entries: Mapping[Hashable, Entry], limit: int = TOP_KEYS) -> list[dict[str, Any]]:
        """The most asked keys, kept at present or not: key, hits, is_kept, bytes, cost_ms."""
        hits = Counter(self.hits)
        for key, entry in entries.items():
            if entry.hits:
                hits[key] += entry.hits
        return [
            {
                "key": key_text(key),
                "hits": count,
                "is_kept": key in entries,
                "bytes": entries[key].size_bytes if key in entries else None,
                "cost_ms": 1e3 * entries[key].cost_seconds if key in entries else None,
            }
            for key, count in nlargest(limit, hits.items(), key=lambda item: item[1])
        ]


def told(counters: Counters, entries: Mapping[Hashable, Entry], now: float) -> dict[str, Any]:
    """The figures as people read them: counts, percent, milliseconds; ages in seconds, None where nothing is kept."""
    figures = asdict(counters)
    asked = counters.hits + counters.misses
    ages = [now - entry.kept_at for entry in entries.values()]
    saved, computing = figures.pop("saved_seconds"), figures.pop("computing_seconds")
    return {
        **figures,
        "hit_rate": 100 * counters.hits / asked if asked else None,
        "saved_ms": saved * 1e3,
        "computing_ms": computing * 1e3,
        "oldest_seconds": max(ages, default=None),
        "mean_age_seconds": sum(ages) / len(ages) if ages else None,
    }
