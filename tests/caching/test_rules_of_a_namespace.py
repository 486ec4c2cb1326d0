from typing import Any

import pytest

from caching.cache import Cache
from caching.rules import Rules
from tests.caching.computation import Computation


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"ttl_seconds": 299}, "ttl_seconds=299: from 300 to 3600"),
        ({"ttl_seconds": 3601}, "ttl_seconds=3601: from 300 to 3600"),
        ({"ttl_seconds": 0, "tags": ()}, "ttl_seconds=0: from 0 to 3600, and more than 0"),
        ({"ttl_seconds": float("nan")}, "ttl_seconds=nan"),
        ({"max_items": 0}, "max_items=0: at least 1"),
        ({"max_bytes": 0}, "max_bytes=0: at least 1"),
        ({"stale_seconds": 301}, "stale_seconds=301: from 0 to 300"),
        ({"negative_seconds": -1}, "negative_seconds=-1: from 0 to 3600"),
    ],
)
def test_a_number_out_of_its_range_is_named_with_the_range(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Rules(**{"ttl_seconds": 300, "tags": ("posts",), **wrong})


def test_what_no_write_tells_of_may_be_kept_for_less_than_five_minutes() -> None:
    assert Rules(ttl_seconds=5).ttl_seconds == 5


async def test_sizes_are_known_of_bytes_and_texts_guessed_of_the_rest_or_told() -> None:
    cache = Cache()
    plain = cache.add("plain", ttl_seconds=300, tags=("posts",))
    told = cache.add("told", ttl_seconds=300, tags=("posts",), size_of=lambda rows: 100 * len(rows))

    async def rows() -> list[int]:
        return [1, 2, 3]

    await plain.get("key", Computation(b"x" * 50))
    assert plain.stats()["bytes"] == 50 + len("key")
    await plain.get("rows", rows)
    assert plain.stats()["bytes"] > 1000
    await told.get("key", rows)
    assert told.stats()["bytes"] == 300 + len("key")


async def test_the_bound_in_bytes_holds() -> None:
    pages = Cache().add("pages", ttl_seconds=300, tags=("posts",), max_bytes=1000)
    for number in range(100):
        await pages.get(f"{number:03}", Computation(b"x" * 97))
    assert pages.stats()["bytes"] == 1000
    assert pages.stats()["evictions"] == 90
    large = Computation(b"x" * 2000)
    await pages.get("large", large)
    await pages.get("large", large)
    assert large.calls == 2
    assert pages.items == 10
