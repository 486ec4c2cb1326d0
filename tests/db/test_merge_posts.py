import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from db import subreddits
from db.database import Database
from tests.factories import post, subreddit
from tests.stored import keep, keep_posts, sql


@pytest.fixture
async def known(db: Database) -> Database:
    await keep(db, subreddit())
    return db


async def stored(db: Database) -> list[dict[str, Any]]:
    return [row for (row,) in await sql(db, "SELECT to_jsonb(posts) FROM posts ORDER BY id")]


async def test_new_posts_are_counted_once(known: Database) -> None:
    batch = [post(id=f"t3_{n}") for n in range(3)]
    assert await keep_posts(known, *batch, batch[0]) == 3
    assert await keep_posts(known, *batch) == 0
    assert (await subreddits.totals(known))["posts"] == 3


async def test_posts_of_unknown_communities_are_left_out(known: Database) -> None:
    assert await keep_posts(known, post(id="t3_1"), post(id="t3_2", subreddit_id="t5_unknown")) == 1
    assert [row["id"] for row in await stored(known)] == ["t3_1"]
    assert await keep_posts(known) == 0


async def test_an_unchanged_post_is_not_written_again(known: Database) -> None:
    await keep_posts(known, post())
    (before,) = await sql(known, "SELECT ctid::text, read_at FROM posts")
    await keep_posts(known, post())
    assert await sql(known, "SELECT ctid::text, read_at FROM posts") == [before]


async def test_what_may_change_of_a_post_follows(known: Database) -> None:
    changes: dict[str, Any] = {
        "score": 11,
        "num_comments": 3,
        "author": None,
        "text": "[removed]",
        "removed_by_category": "moderator",
        "edited_at": datetime(2026, 11, 1, 14, tzinfo=UTC),
        "stickied": True,
        "flair": "Tea",
        "over18": True,
    }
    for name, value in changes.items():
        await keep_posts(known, post())
        assert await keep_posts(known, post(**{name: value})) == 0
        found = (await stored(known))[0][name]
        assert (datetime.fromisoformat(found) if name == "edited_at" else found) == value, name


async def test_when_a_post_was_first_collected_is_kept(known: Database) -> None:
    await keep_posts(known, post())
    before = (await stored(known))[0]
    await keep_posts(known, post(score=99))
    after = (await stored(known))[0]
    assert after["collected_at"] == before["collected_at"]
    assert after["read_at"] > before["read_at"]


async def test_posts_carry_their_communitys_subscribers_at_the_time_of_the_answer(known: Database) -> None:
    """Reddit puts the present count on every post, however old: in one recorded page 96 posts of four years
    carry the same number."""
    await sql(known, "DELETE FROM subreddit_snapshots")
    at = datetime(2022, 11, 1, 12, 30, tzinfo=UTC)
    await keep_posts(
        known,
        post(id="t3_1", created_at=at, subreddit_subscribers=1150),
        post(id="t3_2", created_at=at.replace(hour=13), subreddit_subscribers=1150),
        post(id="t3_3", created_at=at.replace(hour=14), subreddit_subscribers=None),
    )
    points = await sql(known, "SELECT at = date_trunc('hour', now()), subscribers FROM subreddit_snapshots")
    assert points == [(True, 1150)]


async def test_within_an_hour_the_largest_count_holds(known: Database) -> None:
    for subscribers in (1300, 1301, 1299):
        await keep_posts(known, post(id=f"t3_{subscribers}", subreddit_subscribers=subscribers))
    assert await sql(known, "SELECT subscribers FROM subreddit_snapshots") == [(1301,)]


async def test_an_archives_readings_are_points_of_the_day_they_were_read(known: Database) -> None:
    await sql(known, "DELETE FROM subreddit_snapshots")
    for hour, subscribers in ((3, 900), (15, 905)):
        at = datetime(2023, 5, 6, hour, 20, tzinfo=UTC)
        await keep_posts(known, post(id=f"t3_{hour}", read_at=at, subreddit_subscribers=subscribers))
    points = await sql(known, "SELECT at, subscribers FROM subreddit_snapshots")
    assert points == [(datetime(2023, 5, 6, tzinfo=UTC), 905)]


async def test_an_older_reading_changes_nothing_and_a_newer_one_does(known: Database) -> None:
    may, june = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
    await keep_posts(known, post(score=5, read_at=may))
    await keep_posts(known, post(score=8, read_at=june))
    await keep_posts(known, post(score=6, read_at=datetime(2026, 5, 20, tzinfo=UTC)))
    (row,) = await stored(known)
    assert (row["score"], datetime.fromisoformat(row["read_at"])) == (8, june)


@pytest.mark.parametrize("gone", [{"removed_by_category": "deleted"}, {"text": "[deleted]", "author": None}])
async def test_of_a_deleted_post_only_the_figures_stay(known: Database, gone: dict[str, Any]) -> None:
    await keep_posts(known, post())
    await keep_posts(known, post(**gone), post(id="t3_2", **gone))
    for row in await stored(known):
        words = ("author", "title", "text", "url", "domain", "permalink")
        assert {row[name] for name in words} == {None, ""}
        assert row["deleted_at"] is not None
        assert (row["score"], row["num_comments"]) == (10, 2)


async def test_what_was_deleted_is_not_filled_again(known: Database) -> None:
    await keep_posts(known, post(removed_by_category="deleted"))
    assert await keep_posts(known, post(score=77)) == 0
    (row,) = await stored(known)
    assert (row["title"], row["score"]) == ("", 10)


async def test_two_batches_with_the_same_posts_at_once_store_each_once(known: Database) -> None:
    both = [post(id=f"t3_{n}") for n in range(300)]
    new = await asyncio.gather(
        *(keep_posts(known, *both[i : i + 200]) for i in (0, 50, 100) for _ in range(3))
    )
    assert sum(new) == 300
    assert (await subreddits.totals(known))["posts"] == len(await stored(known)) == 300


async def test_a_batch_is_all_or_nothing(known: Database) -> None:
    await keep_posts(known, post(id="t3_0"))
    with pytest.raises(psycopg.DataError):
        await keep_posts(known, post(id="t3_0", score=50), post(id="t3_1"), post(id="t3_2", title="a\0b"))
    assert [(row["id"], row["score"]) for row in await stored(known)] == [("t3_0", 10)]


async def test_a_batch_of_thousands_takes_the_same_way(known: Database) -> None:
    batch = [post(id=f"t3_{n:05}", score=n) for n in range(5_000)]
    assert await keep_posts(known, *batch) == 5_000
    assert await keep_posts(known, *(replace(one, score=one.score + 1) for one in batch)) == 0
    assert await sql(known, "SELECT sum(score) FROM posts") == [(sum(range(5_000)) + 5_000,)]


async def test_stats_and_one_count_them(known: Database) -> None:
    await keep_posts(known, post(id="t3_1", created_at=datetime.now(UTC)), post(id="t3_2"))
    (found,) = await sql(known, "SELECT count(*) FROM posts WHERE created_at > now() - interval '1 hour'")
    assert f'"posts_last_hour" : {found[0]}' in (await subreddits.stats(known)).decode()
    one = (await subreddits.one(known, "teapots") or b"").decode()
    assert '"posts":2' in one
