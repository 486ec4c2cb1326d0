import asyncio

import pytest

from caching.cache import Cache
from caching.figures import KEYS_REMEMBERED, PastKeys
from caching.namespace import Namespace
from tests.caching.computation import Computation
from tests.caching.conftest import Clock


@pytest.fixture
def cache(clock: Clock) -> Cache:
    return Cache(timer=clock)


@pytest.fixture
def pages(cache: Cache) -> Namespace:
    return cache.add("pages", ttl_seconds=300, tags=("subreddits",), max_items=3)


async def test_hits_save_what_the_answer_had_cost(pages: Namespace) -> None:
    async def slow() -> bytes:
        await asyncio.sleep(0.01)
        return b"answer"

    for _ in range(4):
        await pages.get("k", slow)
    told = pages.stats()
    assert told["computing_ms"] >= 10
    assert told["saved_ms"] == pytest.approx(3 * told["computing_ms"])
    assert (told["hits"], told["misses"], told["hit_rate"]) == (3, 1, 75)


async def test_ages_are_told_of_what_is_kept(pages: Namespace, clock: Clock) -> None:
    assert pages.stats()["oldest_seconds"] is None
    await pages.get("a", Computation())
    clock.now += 30
    await pages.get("b", Computation())
    clock.now += 10
    told = pages.stats()
    assert (told["oldest_seconds"], told["mean_age_seconds"]) == (40, 25)


async def test_what_is_out_of_time_goes_and_is_counted(pages: Namespace, clock: Clock) -> None:
    for key in ("a", "b"):
        await pages.get(key, Computation())
    clock.now += 301
    assert (pages.stats()["items"], pages.stats()["bytes"], pages.stats()["expirations"]) == (0, 0, 2)


async def test_a_miss_on_what_was_pushed_out_lately_says_that_more_room_would_help(pages: Namespace) -> None:
    for key in ("a", "b", "c", "d"):
        await pages.get(key, Computation())
    assert pages.stats()["evictions"] == 1
    await pages.get("a", Computation())
    await pages.get("never seen", Computation())
    assert pages.stats()["ghost_hits"] == 1


async def test_the_most_asked_keys_are_told_be_they_kept_or_not(cache: Cache, pages: Namespace) -> None:
    for key, times in (("a", 3), (("page", 2), 5), ("c", 1)):
        for _ in range(times):
            await pages.get(key, Computation())
    cache.invalidate("subreddits")
    for _ in range(2):
        await pages.get("a", Computation())
    top = pages.top_keys(2)
    assert [(one["key"], one["hits"], one["is_kept"]) for one in top] == [
        ("('page', 2)", 4, False),
        ("a", 3, True),
    ]
    assert top[1]["bytes"] == len(b"answer") + len("a")


def test_of_keys_that_are_gone_only_the_most_asked_are_remembered() -> None:
    past = PastKeys()
    past.add("hot", 1000)
    for number in range(5 * KEYS_REMEMBERED):
        past.add(number, 1)
    assert len(past.hits) <= 2 * KEYS_REMEMBERED
    assert past.hits["hot"] == 1000


async def test_all_namespaces_together(cache: Cache, pages: Namespace) -> None:
    other = cache.add("other", ttl_seconds=300, tags=())
    for namespace in (pages, other):
        await namespace.get("k", Computation())
        await namespace.get("k", Computation())
    assert cache.counts() == (2, 2, 2)
    assert [one["namespace"] for one in cache.stats()] == ["pages", "other"]
