import asyncio

import pytest

from caching import clearing
from caching.cache import Cache
from caching.clearing import Clearing
from caching.tags import key_tag
from tests.caching.computation import Computation


def words_to(cache: Cache) -> Clearing:
    async def announce(*tags: str) -> None:
        asyncio.get_running_loop().call_soon(cache.hear, " ".join((str(id(object())), *tags)))

    return Clearing(cache, announce)


async def test_it_is_done_once_this_process_heard_of_it() -> None:
    cache = Cache()
    pages, others = (cache.add(name, ttl_seconds=300, tags=()) for name in ("pages", "others"))
    for key in "abc":
        await pages.get(key, Computation(), (f"letter:{key}",))
    await others.get("a", Computation())
    hand = words_to(cache)
    assert await hand.clear(key_tag("pages", "a")) == 1
    assert await hand.clear("letter:b") == 1
    assert await hand.clear("letter:z") == 0
    assert (pages.items, others.items) == (1, 1)
    assert await hand.clear("namespace:pages") == 1
    assert await hand.clear("*") == 1
    assert pages.stats()["forgotten_by_hand"] == 2


async def test_a_word_that_does_not_come_is_waited_for_no_longer_than_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def into_nothing(*_: str) -> None:
        pass

    monkeypatch.setattr(clearing, "HEARD_WITHIN_SECONDS", 0.01)
    with pytest.raises(TimeoutError):
        await Clearing(Cache(), into_nothing).clear("*")
