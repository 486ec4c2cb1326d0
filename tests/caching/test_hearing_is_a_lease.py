import asyncio

import pytest

from caching.cache import Cache
from caching.hearing import LEASE_SECONDS, MOST_STALE_SECONDS
from caching.namespace import Namespace
from tests.caching.computation import Computation, beside_done
from tests.caching.conftest import Clock


@pytest.fixture
def cache(clock: Clock) -> Cache:
    """Of a process that listens, and has just heard that all is heard."""
    cache = Cache(timer=clock)
    cache.gap()
    cache.hearing.extend(clock.now)
    return cache


@pytest.fixture
def pages(cache: Cache) -> Namespace:
    return cache.add("pages", ttl_seconds=300, tags=("subreddits",), stale_seconds=60)


async def test_an_answer_is_served_as_long_as_the_line_proves_alive(
    cache: Cache, pages: Namespace, clock: Clock
) -> None:
    compute = Computation()
    for _ in range(100):
        await pages.get("k", compute)
        clock.now += 0.5
        cache.hearing.extend(clock.now)
    assert compute.calls == 1


async def test_without_a_sign_no_answer_gets_older_than_a_second(pages: Namespace, clock: Clock) -> None:
    compute = Computation()
    for _ in range(100):
        await pages.get("k", compute)
        entry = pages.entry("k")
        assert entry is not None
        assert clock.now - entry.began < max(MOST_STALE_SECONDS, LEASE_SECONDS)
        clock.now += 0.1
    assert 8 <= compute.calls <= 11
    assert pages.counters.uncovered == compute.calls - 1


async def test_after_a_gap_all_is_forgotten_and_young_answers_are_served_until_the_next_sign(
    cache: Cache, pages: Namespace, clock: Clock
) -> None:
    compute = Computation()
    await pages.get("k", compute)
    cache.gap()
    await pages.get("k", compute)
    await pages.get("k", compute)
    assert compute.calls == 2
    clock.now += MOST_STALE_SECONDS
    await pages.get("k", compute)
    assert compute.calls == 3
    cache.hearing.extend(clock.now)
    clock.now += LEASE_SECONDS - 0.01
    await pages.get("k", compute)
    assert compute.calls == 3


async def test_nobody_waits_for_an_answer_begun_too_long_ago_to_be_trusted(
    pages: Namespace, clock: Clock
) -> None:
    compute = Computation(b"old")
    compute.gate.clear()
    first = asyncio.create_task(pages.get("k", compute))
    await beside_done()
    clock.now += MOST_STALE_SECONDS
    compute.value = b"new"
    second = asyncio.create_task(pages.get("k", compute))
    await beside_done()
    compute.gate.set()
    assert (await first, await second) == (b"old", b"new")


async def test_where_nobody_listens_there_is_no_lease(clock: Clock) -> None:
    compute = Computation()
    pages = Cache(timer=clock).add("pages", ttl_seconds=300, tags=("subreddits",))
    await pages.get("k", compute)
    clock.now += 200
    await pages.get("k", compute)
    assert compute.calls == 1
