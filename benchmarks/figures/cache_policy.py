"""How often the cache has the answer under a skewed load, against a plain LRU of the same size.

10,000 keys asked for by Zipf's law with an exponent of 1.1, 1,000 places. Then the same with a scan in it: now and
then somebody reads 2,000 keys once that nobody asks for again. The LRU is cachetools'; both see the same keys.
"""

import asyncio
from collections.abc import Iterator

import numpy as np
from cachetools import LRUCache

from benchmarks.figure import Goal, Reading
from benchmarks.lab import Lab
from caching.cache import Cache

KEYS, PLACES, EXPONENT = 10_000, 1_000, 1.1
LOOKUPS, QUICK_LOOKUPS = 500_000, 100_000
SCAN_EVERY, SCANNED = 20_000, 2_000
SEED = 6


def run(lab: Lab) -> list[Reading]:
    lookups = QUICK_LOOKUPS if lab.quick else LOOKUPS
    readings = []
    for name, keys in (("Zipf(1.1)", _skewed(lookups)), ("Zipf(1.1) with scans", _with_scans(lookups))):
        ours, theirs = asyncio.run(_ours(keys)), _plain_lru(keys)
        raw = {"ours_percent": ours, "lru_percent": theirs, "lookups": len(keys)}
        readings.append(Reading(f"Hit rate under {name}", ours, "%", None, raw))
        readings.append(
            Reading(f"The same above plain LRU's {theirs:.1f} %", ours - theirs, "points", Goal(0, True))
        )
    return readings


def _skewed(count: int) -> list[int]:
    chances = 1 / np.arange(1, KEYS + 1) ** EXPONENT
    drawn = np.random.default_rng(SEED).choice(KEYS, count, p=chances / chances.sum())
    return [int(key) for key in drawn]


def _with_scans(count: int) -> list[int]:
    return list(_mixed(_skewed(count)))


def _mixed(keys: list[int]) -> Iterator[int]:
    following = KEYS
    for place, key in enumerate(keys):
        yield key
        if place % SCAN_EVERY == SCAN_EVERY - 1:
            yield from range(following, following + SCANNED)
            following += SCANNED


async def _ours(keys: list[int]) -> float:
    """Percent of the lookups that found an answer."""
    namespace = Cache().add("pages", ttl_seconds=3600, tags=(), max_items=PLACES)
    for key in keys:
        await namespace.get(key, _answer)
    counters = namespace.counters
    return 100 * counters.hits / (counters.hits + counters.misses)


async def _answer() -> bytes:
    return b"answer"


def _plain_lru(keys: list[int]) -> float:
    cache: LRUCache[int, bytes] = LRUCache(PLACES)
    hits = 0
    for key in keys:
        if cache.get(key) is not None:
            hits += 1
        else:
            cache[key] = b"answer"
    return 100 * hits / len(keys)
