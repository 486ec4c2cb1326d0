import random
from typing import Any

import pytest

from caching.advice import ENOUGH_LOOKUPS, advice
from caching.cache import Cache
from tests.caching.computation import Computation

HEALTHY = {
    "hits": 9000,
    "misses": 1000,
    "saved_ms": 90_000.0,
    "ghost_hits": 10,
    "expirations": 50,
    "evictions": 20,
    "forgotten": 500,
    "items": 400,
    "max_items": 1000,
    "bytes": 2**20,
    "max_bytes": 64 * 2**20,
    "ttl_seconds": 300.0,
}


def said(**figures: Any) -> list[tuple[str, float]]:
    return [(one.kind, round(one.figure, 1)) for one in advice({**HEALTHY, **figures})]


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({}, []),
        ({"ghost_hits": 600, "items": 1000}, [("grow", 6.0)]),
        ({"expirations": 900, "forgotten": 0}, [("longer_ttl", 97.8)]),
        ({"expirations": 900, "forgotten": 0, "ttl_seconds": 3600.0}, []),
        ({"expirations": 900, "forgotten": 0, "ttl_seconds": 1.0}, []),
        ({"expirations": 900, "forgotten": 2000}, []),
        ({"hits": 1000, "misses": 9000, "ghost_hits": 0}, [("not_worth_caching", 10.0)]),
        ({"hits": 1000, "misses": 9000, "ghost_hits": 3000}, [("grow", 30.0)]),
        ({"saved_ms": 100.0}, [("not_worth_caching", 0.0)]),
    ],
    ids=str,
)
def test_advice_follows_from_the_figures(figures: dict[str, Any], expected: list[tuple[str, float]]) -> None:
    assert said(**figures) == expected


def test_nothing_is_said_before_enough_was_asked() -> None:
    assert said(hits=0, misses=ENOUGH_LOOKUPS - 1, saved_ms=0.0) == []
    assert said(hits=0, misses=ENOUGH_LOOKUPS, saved_ms=0.0, ghost_hits=0) == [("not_worth_caching", 0.0)]


async def test_a_namespace_that_is_too_small_is_advised_to_grow() -> None:
    pages = Cache().add("pages", ttl_seconds=300, tags=(), max_items=20)
    chance = random.Random(1)
    for _ in range(2 * ENOUGH_LOOKUPS):
        await pages.get(min(int(chance.paretovariate(0.6)), 60), Computation())
    (only,) = (one for one in advice({**pages.stats(), "saved_ms": 1e6}))
    assert only.kind == "grow"


def test_growing_names_the_bound_that_was_reached() -> None:
    (full,) = advice({**HEALTHY, "ghost_hits": 600, "items": 1000})
    assert "6.0 %" in full.text
    assert "1000 entries" in full.text
    (heavy,) = advice({**HEALTHY, "ghost_hits": 600})
    assert "64 MiB" in heavy.text
