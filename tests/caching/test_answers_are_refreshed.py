import asyncio

import pytest
from structlog.testing import capture_logs

from caching.cache import Cache
from caching.namespace import HOT_HITS, REFRESH_AGAIN_SECONDS, Namespace
from tests.caching.computation import Computation, beside_done, fail
from tests.caching.conftest import Clock

TTL, STALE = 300.0, 60.0


@pytest.fixture
def namespace(clock: Clock) -> Namespace:
    return Cache(timer=clock).add("pages", ttl_seconds=TTL, tags=("subreddits",), stale_seconds=STALE)


async def test_an_answer_past_its_time_is_served_while_another_is_computed(
    namespace: Namespace, clock: Clock
) -> None:
    compute = Computation(b"old")
    await namespace.get("k", compute)
    clock.now += TTL + 1
    compute.value = b"new"
    assert await namespace.get("k", compute) == b"old"
    await beside_done()
    assert await namespace.get("k", compute) == b"new"
    assert compute.calls == 2
    assert (namespace.counters.stale, namespace.counters.refreshes) == (1, 1)


async def test_it_is_served_so_for_a_bounded_while_only(namespace: Namespace, clock: Clock) -> None:
    compute = Computation(b"old")
    await namespace.get("k", compute)
    clock.now += TTL + STALE
    compute.value = b"new"
    assert await namespace.get("k", compute) == b"new"
    assert (namespace.counters.stale, namespace.counters.expirations) == (0, 1)


async def test_after_a_write_nothing_stale_is_served(namespace: Namespace, clock: Clock) -> None:
    compute = Computation(b"old")
    await namespace.get("k", compute)
    clock.now += TTL + 1
    compute.gate.clear()
    assert await namespace.get("k", compute) == b"old"
    await beside_done()
    namespace.invalidate()
    compute.value = b"new"
    asking = asyncio.create_task(namespace.get("k", compute))
    await beside_done()
    compute.gate.set()
    assert await asking == b"new"
    assert await namespace.get("k", compute) == b"new", "and not what the refresh brought"


async def test_many_askers_of_a_stale_answer_start_one_refresh(namespace: Namespace, clock: Clock) -> None:
    compute = Computation()
    await namespace.get("k", compute)
    clock.now += TTL + 1
    compute.gate.clear()
    for _ in range(50):
        await namespace.get("k", compute)
    compute.gate.set()
    await beside_done()
    assert compute.calls == 2
    assert namespace.counters.stale == 50


async def test_a_refresh_that_fails_is_said_and_tried_again_after_a_while(
    namespace: Namespace, clock: Clock
) -> None:
    compute = Computation()
    await namespace.get("k", compute)
    clock.now += TTL + 1
    with capture_logs() as logs:
        for _ in range(10):
            assert await namespace.get("k", fail) == b"answer"
            await beside_done()
        assert [(line["event"], line["why"]) for line in logs] == [
            ("answer not refreshed", "PostgreSQL is away")
        ]
        clock.now += REFRESH_AGAIN_SECONDS
        await namespace.get("k", fail)
        await beside_done()
    assert len(logs) == 2
    clock.now += STALE
    with pytest.raises(RuntimeError):
        await namespace.get("k", fail)


async def test_a_hot_answer_is_computed_anew_before_its_time(namespace: Namespace, clock: Clock) -> None:
    hot, cold = Computation(), Computation()
    for _ in range(HOT_HITS + 1):
        await namespace.get("hot", hot)
    await namespace.get("cold", cold)
    clock.now += 0.8 * TTL - 1
    for key, compute in (("hot", hot), ("cold", cold)):
        await namespace.get(key, compute)
    await beside_done()
    assert (hot.calls, cold.calls) == (1, 1), "too early for either"
    clock.now += 0.15 * TTL + 2
    for key, compute in (("hot", hot), ("cold", cold)):
        await namespace.get(key, compute)
    await beside_done()
    assert (hot.calls, cold.calls) == (2, 1)
    assert namespace.counters.stale == 0


async def test_that_there_is_nothing_is_kept_for_a_shorter_time_and_never_stale(
    namespace: Namespace, clock: Clock
) -> None:
    compute = Computation(None)
    assert await namespace.get("k", compute) is None
    clock.now += 29
    assert await namespace.get("k", compute) is None
    assert (compute.calls, namespace.counters.negative_hits) == (1, 1)
    clock.now += 1
    compute.value = b"there now"
    assert await namespace.get("k", compute) == b"there now"
