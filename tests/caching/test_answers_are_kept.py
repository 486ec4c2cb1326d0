import asyncio

import pytest

from caching.cache import Cache
from caching.namespace import Namespace
from tests.caching.computation import Computation


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def namespace(now: list[float]) -> Namespace:
    return Cache().add("stats", ttl_seconds=300, tags=("subreddits",), max_items=2, timer=lambda: now[0])


async def test_the_second_asker_gets_the_kept_answer(namespace: Namespace) -> None:
    compute = Computation()
    assert await namespace.get("k", compute) == await namespace.get("k", compute) == b"answer"
    assert compute.calls == 1
    assert namespace.stats()["hit_rate"] == 50


async def test_an_answer_is_forgotten_after_its_time(namespace: Namespace, now: list[float]) -> None:
    compute = Computation()
    await namespace.get("k", compute)
    now[0] = 301
    await namespace.get("k", compute)
    assert compute.calls == 2


async def test_the_least_recently_asked_makes_room_and_is_counted(namespace: Namespace) -> None:
    compute = Computation()
    for key in ("a", "b", "a", "c", "a"):
        await namespace.get(key, compute)
    assert compute.calls == 3
    assert namespace.stats()["evictions"] == 1
    await namespace.get("b", compute)
    assert compute.calls == 4


async def test_fifty_askers_at_once_cost_one_computation(namespace: Namespace) -> None:
    compute = Computation()
    compute.gate.clear()
    asking = [asyncio.create_task(namespace.get("k", compute)) for _ in range(50)]
    await asyncio.sleep(0)
    compute.gate.set()
    assert set(await asyncio.gather(*asking)) == {b"answer"}
    assert compute.calls == 1


async def test_an_answer_begun_before_a_write_is_not_kept_after_it(namespace: Namespace) -> None:
    compute = Computation(b"old")
    compute.gate.clear()
    slow = asyncio.create_task(namespace.get("k", compute))
    await asyncio.sleep(0)
    namespace.invalidate()
    compute.value = b"new"
    late = asyncio.create_task(namespace.get("k", compute))
    await asyncio.sleep(0)
    compute.gate.set()
    assert await slow == b"old"
    assert await late == b"new"
    assert await namespace.get("k", compute) == b"new"


async def test_a_failed_computation_reaches_all_who_wait_and_is_not_kept(namespace: Namespace) -> None:
    gate = asyncio.Event()

    async def fail() -> bytes:
        await gate.wait()
        raise RuntimeError("no")

    asking = [asyncio.create_task(namespace.get("k", fail)) for _ in range(3)]
    await asyncio.sleep(0)
    gate.set()
    assert [type(r) for r in await asyncio.gather(*asking, return_exceptions=True)] == [RuntimeError] * 3
    assert await namespace.get("k", Computation()) == b"answer"


async def test_a_write_empties_only_what_carries_its_tag() -> None:
    cache = Cache()
    people = cache.add("people", ttl_seconds=300, tags=("people",))
    stats = cache.add("stats", ttl_seconds=300, tags=("people", "posts"))
    compute = Computation()
    for namespace in (people, stats):
        await namespace.get("k", compute)
    cache.invalidate("posts")
    assert [row["items"] for row in cache.stats()] == [1, 0]


async def test_whoever_waits_still_gets_an_answer_when_the_first_to_ask_gives_up(
    namespace: Namespace,
) -> None:
    compute = Computation()
    compute.gate.clear()
    first = asyncio.create_task(namespace.get("k", compute))
    await asyncio.sleep(0)
    waiting = [asyncio.create_task(namespace.get("k", compute)) for _ in range(3)]
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    compute.gate.set()
    async with asyncio.timeout(5):
        assert await asyncio.gather(*waiting) == [b"answer"] * 3
    assert first.cancelled()
    assert compute.calls == 2


async def test_whoever_waits_may_give_up_without_harm_to_the_others(namespace: Namespace) -> None:
    compute = Computation()
    compute.gate.clear()
    first = asyncio.create_task(namespace.get("k", compute))
    await asyncio.sleep(0)
    impatient = asyncio.create_task(namespace.get("k", compute))
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.wait([impatient])
    compute.gate.set()
    assert await first == b"answer"
    assert compute.calls == 1
