from typing import Any

import orjson
import pytest

from collectors.records import Subreddit
from db import categories, subreddits
from db.database import Database
from db.subreddits import SORTS, Filters, Sort
from tests.factories import subreddit
from tests.stored import keep, sql


def crowd() -> list[Subreddit]:
    """23 communities with ties in every order: equal and null subscribers, names that differ in case alone."""
    sizes = [None, 0, 10, 10, 10, 900, None, 10, 3_000_000_000]
    return [
        subreddit(
            id=f"t5_{n}", name=f"{'Tea' if n % 2 else 'tea'}{n // 4}", subscribers=sizes[n % len(sizes)]
        )
        for n in range(23)
    ]


async def walk(db: Database, sort: Sort, limit: int, filters: Filters | None = None) -> list[dict[str, Any]]:
    """Every page in turn until there is no next one."""
    seen: list[dict[str, Any]] = []
    cursor: str | None = None
    for _ in range(50):
        page = await subreddits.page(db, filters or Filters(), sort, limit, cursor)
        items = orjson.loads(page.items)
        assert len(items) == page.count <= limit
        seen += items
        cursor = page.cursor
        if cursor is None:
            return seen
    raise AssertionError("the pages do not end")


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("limit", [1, 4, 23, 200])
async def test_walking_the_pages_meets_each_community_once(db: Database, sort: Sort, limit: int) -> None:
    await keep(db, *crowd()[:12])
    await keep(db, *crowd()[12:])  # a second moment of first sight
    ids = [row["id"] for row in await walk(db, sort, limit)]
    assert sorted(ids) == sorted(one.id for one in crowd())


async def test_most_subscribers_come_first_and_null_last(db: Database) -> None:
    await keep(db, *crowd())
    sizes = [row["subscribers"] for row in await walk(db, "subscribers", 5)]
    known = [size for size in sizes if size is not None]
    assert known == sorted(known, reverse=True)
    assert known[-1] == 0
    assert sizes == known + [None] * 5, "null is less than zero, not zero"


async def test_names_are_ordered_whatever_their_case(db: Database) -> None:
    await keep(db, *crowd())
    names = [row["name"].lower() for row in await walk(db, "name", 5)]
    assert await sql(db, "SELECT array_agg(lower(name) ORDER BY lower(name)) FROM subreddits") == [(names,)]


async def test_the_newest_finds_come_first(db: Database) -> None:
    await keep(db, subreddit(id="t5_1", name="First"))
    await keep(db, subreddit(id="t5_2", name="Second"))
    assert [row["name"] for row in await walk(db, "first_seen", 1)] == ["Second", "First"]


async def test_a_community_found_meanwhile_shifts_nothing(db: Database) -> None:
    await keep(db, *(subreddit(id=f"t5_{n}", name=f"Tea{n}", subscribers=n) for n in range(10, 20)))
    first = await subreddits.page(db, Filters(), "subscribers", 5)
    await keep(db, subreddit(id="t5_99", name="Giant", subscribers=1_000_000))
    second = await subreddits.page(db, Filters(), "subscribers", 5, first.cursor)
    assert [row["subscribers"] for row in orjson.loads(second.items)] == [14, 13, 12, 11, 10]


async def test_an_empty_collection_is_one_empty_page(db: Database) -> None:
    page = await subreddits.page(db, Filters())
    assert (page.items, page.count, page.cursor) == (b"[]", 0, None)


async def test_over18_false_leaves_out_those_of_which_reddit_will_not_say(db: Database) -> None:
    for number, over18 in enumerate((True, False, None)):
        await keep(db, subreddit(id=f"t5_{number}", name=f"Tea{over18}", over18=over18))
    found = {
        asked: {row["name"] for row in await walk(db, "name", 2, Filters(over18=asked))}
        for asked in (True, False, None)
    }
    assert found == {True: {"TeaTrue"}, False: {"TeaFalse"}, None: {"TeaTrue", "TeaFalse", "TeaNone"}}


async def test_a_least_size_leaves_out_the_unknown_too(db: Database) -> None:
    await keep(db, *crowd())
    found = await walk(db, "subscribers", 3, Filters(min_subscribers=10))
    assert {row["subscribers"] for row in found} == {10, 900, 3_000_000_000}
    assert await subreddits.matching(db, Filters(min_subscribers=10)) == len(found)


async def test_filters_narrow_together(db: Database) -> None:
    await keep(
        db,
        subreddit(id="t5_1", name="Small", subscribers=5),
        subreddit(id="t5_2", name="Large", subscribers=500),
        subreddit(id="t5_3", name="LargeToo", subscribers=500),
    )
    decisions = [
        categories.Decision(id_, category, 0.9, None, "examples", "1", [])
        for id_, category in (("t5_1", "food"), ("t5_2", "food"), ("t5_3", "gaming"))
    ]
    async with db.transaction() as session:
        await categories.decide(session, decisions)
    narrow = Filters(q="teapots", category="food", min_subscribers=100, over18=False)
    assert [row["name"] for row in await walk(db, "name", 1, narrow)] == ["Large"]
    assert await subreddits.matching(db, narrow) == 1


async def test_one_is_found_whatever_its_case_with_its_posts_counted(db: Database) -> None:
    await keep(db, subreddit())
    found = orjson.loads(await subreddits.one(db, "TEAPOTS") or b"null")
    assert (found["name"], found["posts"], found["posts_7_days"]) == ("Teapots", 0, 0)
    assert await subreddits.one(db, "teapot") is None


async def test_of_two_with_one_name_the_one_that_reddit_still_lists_is_shown(db: Database) -> None:
    await keep(db, subreddit(id="t5_1"))
    await keep(db, subreddit(id="t5_2"))
    assert orjson.loads(await subreddits.one(db, "teapots") or b"")["id"] == "t5_2"


async def test_stats_add_up(db: Database) -> None:
    await keep(db, *crowd())
    stats = orjson.loads(await subreddits.stats(db))
    assert stats["communities"] == 23
    assert stats["states"] == {"alive": 23}
    assert stats["subscribers"] == sum(one.subscribers or 0 for one in crowd())
    assert (stats["categories"], stats["categorized"], stats["posts"]) == ([], 0, 0)


async def test_stats_of_nothing_are_zeros_and_nulls(db: Database) -> None:
    stats = orjson.loads(await subreddits.stats(db))
    assert (stats["communities"], stats["subscribers"], stats["states"]) == (0, None, {})
