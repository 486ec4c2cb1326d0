"""What a lookup in the cache's memory level takes, beside a plain cachetools.TTLCache's.

A full namespace of 1,000 answers under the keys that the list of communities has; every lookup is a hit, counted,
timed and leased as in the process. `find` looks only into memory, `get` is what routes await. Rounds alternate.
"""

import asyncio
import gc
import random
import time
from collections.abc import Callable
from typing import Any

from cachetools import TTLCache

from benchmarks.figure import Goal, Reading
from benchmarks.lab import Lab
from benchmarks.summary import median
from caching.cache import Cache
from caching.namespace import Namespace
from db.subreddits import Filters

ITEMS = 1000
LOOKUPS, QUICK_LOOKUPS = 200_000, 20_000
ROUNDS = 7
MOST_US = 3.0
Key = tuple[Filters, str, int, None]


def run(lab: Lab) -> list[Reading]:
    took = asyncio.run(_measure(QUICK_LOOKUPS if lab.quick else LOOKUPS))
    alone = median(took["cachetools_us"])
    return [
        Reading("Lookup in the memory level", median(took["find_us"]), "µs", Goal(MOST_US), dict(took)),
        Reading("The same, awaited", median(took["get_us"]), "µs", Goal(MOST_US)),
        Reading("cachetools.TTLCache alone", alone, "µs"),
        Reading("Lookup against cachetools.TTLCache", median(took["find_us"]) / alone, "×"),
    ]


async def _measure(lookups: int) -> dict[str, list[float]]:
    """Microseconds per lookup, a value each round."""
    cache = Cache()
    cache.hearing.extend(time.monotonic() + 1e6)
    namespace = cache.add("pages", ttl_seconds=3600, tags=("subreddits",))
    keys: list[Key] = [(Filters(min_subscribers=number), "subscribers", 50, None) for number in range(ITEMS)]
    plain: TTLCache[Key, bytes] = TTLCache(ITEMS, 3600)
    for key in keys:
        plain[key] = await namespace.get(key, _answer)
    asked = random.Random(1).choices(keys, k=lookups)
    took: dict[str, list[float]] = {"find_us": [], "get_us": [], "cachetools_us": []}
    gc.collect()
    gc.freeze()  # as app.py does once it is up
    for _ in range(ROUNDS):
        took["find_us"].append(_each_us(namespace.find, asked))
        took["cachetools_us"].append(_each_us(plain.get, asked))
        took["get_us"].append(await _each_awaited_us(namespace, asked))
    return took


async def _answer() -> bytes:
    return b"x" * 1000


def _each_us(look_up: Callable[[Key], Any], keys: list[Key]) -> float:
    began = time.perf_counter()
    for key in keys:
        look_up(key)
    return 1e6 * (time.perf_counter() - began) / len(keys)


async def _each_awaited_us(namespace: Namespace, keys: list[Key]) -> float:
    began = time.perf_counter()
    for key in keys:
        await namespace.get(key, _answer)
    return 1e6 * (time.perf_counter() - began) / len(keys)
