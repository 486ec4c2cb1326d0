import asyncio
from pathlib import Path

import pytest

from caching.cache import Cache
from caching.tags import key_tag
from tests.caching.computation import Computation
from tests.caching.processes import process
from tests.redis_server import RedisServer
from tests.waiting import until


async def test_what_one_process_computed_another_finds(redis_server: RedisServer) -> None:
    compute = Computation()
    async with process(redis_server) as one, process(redis_server) as other:
        assert await one.pages.get(("page", 1), compute) == b"answer"
        await one.settled()
        assert await other.pages.get(("page", 1), compute) == b"answer"
        assert compute.calls == 1
        counters = other.pages.counters
        assert (counters.hits, counters.shared_hits, counters.misses) == (1, 1, 0)
        assert counters.saved_seconds == pytest.approx(one.pages.counters.computing_seconds)
        assert await other.pages.get(("page", 1), compute) == b"answer"
        assert other.pages.counters.shared_hits == 1, "the second time from memory"


async def test_a_write_empties_what_it_touches_in_every_process_and_in_redis(
    redis_server: RedisServer,
) -> None:
    compute = Computation(b"old")
    async with process(redis_server) as one, process(redis_server) as other:
        for namespace in (one.pages, one.others):
            await namespace.get("k", compute)
        await one.settled()
        assert await other.pages.get("k", compute) == b"old"
        compute.value = b"new"
        one.cache.hear("1 subreddits")
        await until(lambda: other.pages.items == 0)
        assert await other.pages.get("k", compute) == b"new"
        assert await one.pages.get("k", compute) == b"new"
        assert await other.others.get("k", compute) == b"old"


async def test_a_write_of_an_entrys_tag_leaves_the_other_answers_there(redis_server: RedisServer) -> None:
    compute = Computation(b"old")
    async with process(redis_server) as one, process(redis_server) as other:
        for name in ("t5_1", "t5_2"):
            await one.pages.get(name, compute, lambda answer, name=name: (f"subreddit:{name}",))
        await one.settled()
        compute.value = b"new"
        one.cache.hear("1 subreddit:t5_1")
        await one.settled()
        assert await other.pages.get("t5_1", compute) == b"new"
        assert await other.pages.get("t5_2", compute) == b"old"


async def test_what_was_begun_before_a_write_is_not_shared_after_it(redis_server: RedisServer) -> None:
    compute = Computation(b"old")
    async with process(redis_server, hears=False) as one, process(redis_server) as other:
        compute.gate.clear()
        slow = asyncio.create_task(one.pages.get("k", compute))
        await until(lambda: compute.calls)
        other.cache.hear("1 subreddits")
        await other.settled()
        compute.gate.set()
        await slow
        await one.settled()
        compute.value = b"new"
        assert await other.pages.get("k", compute) == b"new"
        assert one.level.counters["refused"] == 1


async def test_a_word_is_passed_on_once_and_heard_once(redis_server: RedisServer) -> None:
    async with process(redis_server) as one, process(redis_server) as other:
        for cache in (one.cache, other.cache, one.cache):
            cache.hear("7 subreddits")
        await one.settled()
        await other.settled()
        one.cache.hear("8 posts")
        await until(lambda: other.others.counters.invalidations)
        assert one.pages.counters.invalidations == other.pages.counters.invalidations == 1


async def test_a_hand_clears_a_key_a_namespace_or_everything_in_all_processes(
    redis_server: RedisServer,
) -> None:
    compute = Computation(b"old")
    for tag in (key_tag("pages", repr(("page", 1))), "namespace:pages", "*"):
        compute.value = b"old"
        async with process(redis_server) as one, process(redis_server) as other:
            await one.pages.get(("page", 1), compute)
            await one.settled()
            await other.pages.get(("page", 1), compute)
            compute.value = b"new"
            assert one.cache.invalidate(tag) == 1
            await until(lambda other=other: other.pages.items == 0)
            assert await other.pages.get(("page", 1), compute) == b"new"
            one.cache.invalidate("*")
            await one.settled()


async def test_another_version_shares_no_answers_but_hears_of_writes(redis_server: RedisServer) -> None:
    compute = Computation()
    async with process(redis_server) as one, process(redis_server, version="2") as other:
        await one.pages.get("k", compute)
        await one.settled()
        await other.pages.get("k", compute)
        assert compute.calls == 2
        one.cache.hear("1 subreddits")
        await until(lambda: other.pages.items == 0)


async def test_the_answer_that_there_is_nothing_is_not_shared(redis_server: RedisServer) -> None:
    compute = Computation(None)
    async with process(redis_server) as one, process(redis_server) as other:
        assert await one.pages.get("k", compute) is None
        await one.settled()
        assert await other.pages.get("k", compute) is None
        assert compute.calls == 2


async def test_a_shared_answer_lives_no_longer_than_where_it_came_from(redis_server: RedisServer) -> None:
    compute = Computation()
    async with process(redis_server) as one, process(redis_server) as other:
        await one.pages.get("k", compute)
        await one.settled()
        (place,) = redis_server.ask("KEYS", "*entry:pages*")  # type: ignore[misc]
        redis_server.ask("PEXPIRE", place, 5000)
        await other.pages.get("k", compute)
        entry = other.pages.entry("k")
        assert entry is not None
        assert 0 < entry.fresh_until - entry.kept_at <= 5
        redis_server.ask("DEL", place)


async def test_a_process_that_hears_nothing_asks_nobody(redis_server: RedisServer) -> None:
    compute = Computation()
    async with process(redis_server) as one, process(redis_server) as other:
        await one.pages.get("k", compute)
        await one.settled()
        other.cache.hearing.end()
        await other.pages.get("k", compute)
        assert compute.calls == 2


async def test_after_a_gap_nothing_that_was_in_redis_is_trusted(redis_server: RedisServer) -> None:
    compute = Computation(b"old")
    async with process(redis_server) as one, process(redis_server) as other:
        await one.pages.get("k", compute)
        await one.settled()
        compute.value = b"new"
        other.cache.gap()
        other.cache.hearing.until = float("inf")
        assert await other.pages.get("k", compute) == b"new"


async def test_without_redis_a_cache_is_memory_alone(tmp_path: Path) -> None:
    compute = Computation()
    pages = Cache().add("pages", ttl_seconds=300, tags=(), is_shared=True)
    assert await pages.get("k", compute) == await pages.get("k", compute) == b"answer"
    assert pages.stats()["is_shared"] is False
