import asyncio
from collections.abc import Callable

import orjson
import pytest

import caching.tags
from caching.cache import Cache
from caching.namespace import Namespace
from caching.tags import key_tag
from tests.caching.computation import Computation, beside_done


@pytest.fixture
def cache() -> Cache:
    return Cache()


@pytest.fixture
def one(cache: Cache) -> Namespace:
    """Communities one by one, each under its own tag."""
    return cache.add("one", ttl_seconds=300, tags=("taxonomy",))


def page_of(*ids: str) -> Computation:
    return Computation(orjson.dumps(ids))


def tags(page: bytes) -> tuple[str, ...]:
    return tuple(f"subreddit:{id}" for id in orjson.loads(page))


async def test_a_write_forgets_only_the_answers_that_carry_its_tag(cache: Cache, one: Namespace) -> None:
    first, second, both = page_of("t5_1"), page_of("t5_2"), page_of("t5_1", "t5_2")
    for key, compute in (("first", first), ("second", second), ("both", both)):
        await one.get(key, compute, tags)
    cache.hear("1 subreddit:t5_1 subreddit:t5_9")
    for key, compute in (("first", first), ("second", second), ("both", both)):
        await one.get(key, compute, tags)
    assert (first.calls, second.calls, both.calls) == (2, 1, 2)
    assert (one.counters.invalidations, one.counters.forgotten) == (1, 2)


async def test_the_namespaces_tag_takes_them_all(cache: Cache, one: Namespace) -> None:
    await one.get("first", page_of("t5_1"), tags)
    await one.get("second", page_of("t5_2"), tags)
    assert cache.invalidate("taxonomy") == 2
    assert one.items == 0


@pytest.mark.parametrize("known", [tags, ("subreddit:t5_1",)], ids=["by the answer", "beforehand"])
async def test_an_answer_begun_before_a_write_of_its_own_tag_is_not_kept(
    cache: Cache, one: Namespace, known: tuple[str, ...] | Callable[[bytes], tuple[str, ...]]
) -> None:
    compute, other = page_of("t5_1"), page_of("t5_2")
    compute.gate.clear()
    slow = asyncio.create_task(one.get("k", compute, known))
    await beside_done()
    cache.hear("1 subreddit:t5_1")
    late = asyncio.create_task(one.get("k", compute, known))
    await beside_done()
    assert compute.calls == 2, "whoever asks after the write does not wait for an answer from before it"
    compute.gate.set()
    await slow
    await late
    await one.get("other", other, tags)
    assert one.items == 2


async def test_what_is_written_during_a_long_computation_is_remembered_up_to_a_bound(
    cache: Cache, one: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caching.tags, "WRITTEN_REMEMBERED", 3)
    compute = page_of("t5_1")
    compute.gate.clear()
    slow = asyncio.create_task(one.get("k", compute, tags))
    await beside_done()
    for number in range(10):
        cache.hear(f"{number} subreddit:t5_9{number}")
    compute.gate.set()
    await slow
    assert one.items == 0  # what was written beyond the bound may have been this
    assert len(one._shelf.index._written) <= 3
    await one.get("k", compute, tags)
    assert one.items == 1


async def test_another_answer_begun_before_the_write_is_kept(cache: Cache, one: Namespace) -> None:
    compute = page_of("t5_2")
    compute.gate.clear()
    slow = asyncio.create_task(one.get("k", compute, tags))
    await beside_done()
    cache.hear("1 subreddit:t5_1")
    compute.gate.set()
    await slow
    await one.get("k", compute, tags)
    assert compute.calls == 1


async def test_an_answer_may_come_to_depend_on_something_else(cache: Cache, one: Namespace) -> None:
    await one.get("k", page_of("t5_1"), tags)
    cache.hear("1 subreddit:t5_1")
    await one.get("k", page_of("t5_2"), tags)
    cache.hear("2 subreddit:t5_1")
    assert one.items == 1
    cache.hear("3 subreddit:t5_2")
    assert one.items == 0


async def test_a_hand_clears_one_key_or_one_namespace(cache: Cache, one: Namespace) -> None:
    other = cache.add("other", ttl_seconds=300, tags=("posts",))
    for key in (("page", 1), ("page", 2), ("page", 3)):
        await one.get(key, Computation())
        await other.get(key, Computation())
    (first, *_) = one.top_keys() or [{"key": repr(("page", 1))}]
    assert cache.invalidate(key_tag("one", first["key"])) == 1
    assert (one.items, other.items) == (2, 3)
    assert cache.invalidate("namespace:one") == 2
    assert (one.items, other.items) == (0, 3)
    assert one.counters.forgotten_by_hand == 3
    cache.invalidate("*")
    assert other.items == 0


async def test_the_same_word_is_heard_once(cache: Cache, one: Namespace) -> None:
    for _ in range(3):
        cache.hear("1 taxonomy")
    assert one.counters.invalidations == 1


async def test_observers_are_told_after_it_is_forgotten(cache: Cache, one: Namespace) -> None:
    seen: list[tuple[tuple[str, ...], int]] = []
    cache.observe(lambda tags: seen.append((tags, one.items)))
    await one.get("k", Computation())
    cache.hear("1 taxonomy subreddit:t5_1")
    cache.gap()
    assert seen == [(("taxonomy", "subreddit:t5_1"), 0), (("*",), 0)]
