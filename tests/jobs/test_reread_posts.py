from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collectors.outcome import Unknown
from collectors.records import Post
from db.database import Database
from db.readings import AGES
from jobs import reread_posts
from jobs.context import Context
from jobs.job import SourceFailed
from settings import Settings
from tests.factories import post, subreddit
from tests.jobs.told import ToldSource
from tests.stored import keep, keep_posts, sql

HOUR = timedelta(hours=1)


@pytest.fixture
async def source(db: Database, context: Context) -> ToldSource:
    """A real source, as far as the settings say."""
    await keep(db, subreddit())
    context.settings = Settings(subpulse_source="arctic_shift")
    context.source = source = ToldSource()
    return source


def aged(hours: float, number: int = 1, **overrides: Any) -> Post:
    return post(id=f"t3_{number}", created_at=datetime.now(UTC) - hours * HOUR, **overrides)


async def told(db: Database, source: ToldSource, *posts: Post) -> None:
    """Posts that are stored and that the source knows too."""
    await keep_posts(db, *posts)
    source.posts_there += posts


async def plan(context: Context) -> list[list[str]]:
    async with context.db.transaction() as session:
        return [batch["ids"] for batch in await reread_posts.plan(context, session)]


async def reread(context: Context) -> int:
    return sum([await reread_posts.run(context, ids) for ids in await plan(context)])


async def readings(db: Database) -> list[tuple[Any, ...]]:
    return await sql(
        db,
        "SELECT post_id, age_hours, score, num_comments, removed_by_category FROM post_readings "
        "WHERE read_at IS NOT NULL ORDER BY post_id, age_hours",
    )


@pytest.mark.parametrize("age", AGES)
async def test_a_post_is_read_again_at_each_age(
    db: Database, context: Context, source: ToldSource, age: int
) -> None:
    young = aged(age + 0.1, score=1)
    await keep_posts(db, young)
    source.posts_there = [replace(young, score=77, num_comments=9, removed_by_category="moderator")]
    assert await reread(context) == 1
    assert await readings(db) == [("t3_1", age, 77, 9, "moderator")]
    assert await sql(db, "SELECT score, removed_by_category FROM posts") == [(77, "moderator")]
    assert await plan(context) == [], "once is enough"


@pytest.mark.parametrize("hours", [0.9, 1.25, 5.9, 7.1, 12, 23.9, 25.1, 35.9, 37.1, 1000])
async def test_before_and_long_after_an_age_nothing_is_read(
    db: Database, context: Context, source: ToldSource, hours: float
) -> None:
    await told(db, source, aged(hours))
    assert await plan(context) == []


async def test_an_answer_that_comes_too_late_is_not_written_under_a_wrong_age(
    db: Database, context: Context, source: ToldSource
) -> None:
    await told(db, source, aged(1.1))
    (ids,) = await plan(context)
    await sql(db, "UPDATE posts SET created_at = created_at - interval '10 minutes'")
    assert await reread_posts.run(context, ids) == 0
    assert await readings(db) == []


async def test_what_an_archive_read_at_another_age_is_no_reading_at_this_one_and_is_asked_for_once(
    db: Database, context: Context, source: ToldSource
) -> None:
    young = aged(24.5)
    await keep_posts(db, young)
    source.posts_there = [replace(young, read_at=young.created_at + timedelta(seconds=20))]
    assert await reread(context) == 0
    assert await readings(db) == []
    await sql(db, "UPDATE post_readings SET leased_until = leased_until - interval '4 minutes'")
    assert await plan(context) == []


async def test_what_an_archive_read_at_this_age_counts(
    db: Database, context: Context, source: ToldSource
) -> None:
    young = aged(36.7)
    await keep_posts(db, young)
    source.posts_there = [replace(young, score=5, read_at=young.created_at + 36.1 * HOUR)]
    assert await reread(context) == 1
    assert await sql(db, "SELECT read_at FROM post_readings") == [(source.posts_there[0].read_at,)]


async def test_a_hundred_are_asked_for_in_one_call(
    db: Database, context: Context, source: ToldSource
) -> None:
    await told(db, source, *(aged(6.1 + n / 1000, n) for n in range(250)))
    assert await reread(context) == 250
    assert sorted(len(ids) for ids in source.calls("posts")) == [50, 100, 100]


async def test_no_more_are_planned_than_the_budget_affords_and_the_youngest_come_first(
    db: Database, context: Context, source: ToldSource
) -> None:
    source.most_per_call = 2
    await told(db, source, *(aged(6.1, n) for n in range(30)), *(aged(1.1, n) for n in range(30, 60)))
    planned = await plan(context)
    assert [len(ids) for ids in planned] == [2] * 14  # 16 % of 90 calls
    assert {one for ids in planned for one in ids} <= {f"t3_{n}" for n in range(30, 60)}


async def test_planners_at_once_never_reserve_the_same_post(
    db: Database, context: Context, source: ToldSource
) -> None:
    await told(db, source, *(aged(1.1, n) for n in range(50)))
    assert len(await plan(context)) == 1
    assert await plan(context) == []
    await sql(db, "UPDATE post_readings SET leased_until = now() - interval '1 second'")
    assert [len(ids) for ids in await plan(context)] == [50], "a lost batch is reserved anew"


async def test_a_source_that_does_not_answer_fails_the_run_and_takes_nothing(
    db: Database, context: Context, source: ToldSource
) -> None:
    await told(db, source, aged(1.1))
    source.down = Unknown("server_error", "told so")
    with pytest.raises(SourceFailed):
        await reread(context)
    assert await sql(db, "SELECT deleted_at, title FROM posts") == [(None, "My first teapot")]


async def test_the_same_answer_twice_changes_nothing(
    db: Database, context: Context, source: ToldSource
) -> None:
    await told(db, source, aged(1.1), aged(6.1, 2))
    ids = [one for batch in await plan(context) for one in batch]
    assert await reread_posts.run(context, ids) == 2
    before = await readings(db)
    source.posts_there = [replace(one, score=9999) for one in source.posts_there]
    assert await reread_posts.run(context, ids) == 0
    assert await readings(db) == before


async def test_readings_that_never_came_about_are_forgotten(
    db: Database, context: Context, source: ToldSource
) -> None:
    await told(db, source, aged(1.1))
    await plan(context)
    await sql(db, "UPDATE post_readings SET leased_until = now() - interval '4 hours'")
    await sql(db, "UPDATE posts SET created_at = created_at - interval '4 hours'")
    await plan(context)
    assert await sql(db, "SELECT count(*) FROM post_readings") == [(0,)]
