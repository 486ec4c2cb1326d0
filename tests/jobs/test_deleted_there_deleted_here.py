"""What is deleted at its source is forgotten here, and stays so; figures stay."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collectors.records import Post
from db import rounds, subreddits
from db.database import Database
from jobs import check_deletions
from jobs.check_deletions import ROUND
from jobs.context import Context
from jobs.reread_posts import read_again
from settings import Settings
from tests.factories import post, subreddit
from tests.jobs.told import ToldSource
from tests.stored import keep, keep_posts, sql


async def stored(db: Database, context: Context, *there: Post, source: str = "reddit") -> ToldSource:
    await keep(db, subreddit())
    await keep_posts(db, *there)
    context.settings = Settings(subpulse_source=source)  # type: ignore[arg-type]
    context.source = told = ToldSource(posts=there)
    return told


def three() -> list[Post]:
    return [post(id=f"t3_{n}") for n in (1, 2, 3)]


async def personal(db: Database, one: str) -> tuple[Any, ...]:
    (row,) = await sql(db, "SELECT author, title, text, url, domain, permalink FROM posts WHERE id = %s", one)
    return row


NOTHING = (None, "", "", "", "", "")

DELETED: list[dict[str, Any]] = [
    {"removed_by_category": "deleted"},
    {"text": "[deleted]"},
    {"author": None},
]


@pytest.mark.parametrize("change", DELETED, ids=str)
async def test_what_its_author_deleted_is_forgotten_and_its_figures_stay(
    db: Database, context: Context, change: dict[str, Any]
) -> None:
    source = await stored(db, context, *three())
    source.posts_there[1] = replace(source.posts_there[1], score=55, **change)
    await read_again(context, ["t3_1", "t3_2", "t3_3"])
    assert await personal(db, "t3_2") == NOTHING
    assert await sql(db, "SELECT score, deleted_at IS NOT NULL FROM posts WHERE id = 't3_2'") == [(55, True)]
    assert (await personal(db, "t3_1"))[0] == "kettle"


async def test_what_is_left_out_while_others_are_there_is_gone(db: Database, context: Context) -> None:
    source = await stored(db, context, *three())
    del source.posts_there[1]
    await read_again(context, ["t3_1", "t3_2", "t3_3"])
    assert await personal(db, "t3_2") == NOTHING
    assert (await personal(db, "t3_3"))[1] == "My first teapot"


async def test_an_answer_without_any_post_tells_nothing(db: Database, context: Context) -> None:
    source = await stored(db, context, *three())
    source.posts_there.clear()
    await read_again(context, ["t3_1", "t3_2", "t3_3"])
    assert (await personal(db, "t3_2"))[0] == "kettle"


async def test_the_sandbox_never_knew_an_imported_dumps_posts(db: Database, context: Context) -> None:
    source = await stored(db, context, *three(), source="sandbox")
    del source.posts_there[1]
    await read_again(context, ["t3_1", "t3_2", "t3_3"])
    assert (await personal(db, "t3_2"))[0] == "kettle"


async def test_what_a_moderator_removed_is_kept_and_marked(db: Database, context: Context) -> None:
    source = await stored(db, context, *three())
    source.posts_there[1] = replace(source.posts_there[1], removed_by_category="moderator")
    await read_again(context, ["t3_2"])
    assert (await personal(db, "t3_2"))[0] == "kettle"
    assert await sql(db, "SELECT removed_by_category FROM posts WHERE id = 't3_2'") == [("moderator",)]


@pytest.mark.parametrize("read_at", [None, datetime(2024, 1, 1, tzinfo=UTC)], ids=["now", "a dump's"])
async def test_what_was_forgotten_is_never_filled_again(
    db: Database, context: Context, read_at: datetime | None
) -> None:
    source = await stored(db, context, *three())
    del source.posts_there[1]
    await read_again(context, ["t3_1", "t3_2"])
    await keep_posts(db, post(id="t3_2", title="back?", read_at=read_at))
    assert await personal(db, "t3_2") == NOTHING


async def test_the_round_looks_after_every_post_once_and_begins_again(db: Database, context: Context) -> None:
    every = [post(id=f"t3_{n:03}") for n in range(250)]
    source = await stored(db, context, *every)
    assert await check_deletions.run(context) == 250
    asked = [one for ids in source.calls("posts") for one in ids]
    assert sorted(asked) == [one.id for one in every]
    assert await check_deletions.run(context) == 250


async def test_the_round_goes_on_where_it_was_and_costs_a_small_part_of_the_budget(
    db: Database, context: Context
) -> None:
    every = [post(id=f"t3_{n:03}") for n in range(100)]
    source = await stored(db, context, *every)
    source.most_per_call = 2
    assert await check_deletions.run(context) == 36, "four in a hundred of five minutes of 90 calls"
    assert await rounds.position(db, ROUND) == "t3_035"
    await check_deletions.run(context)
    assert source.calls("posts")[18] == ("t3_036", "t3_037")


async def test_the_round_passes_over_what_is_forgotten_already(db: Database, context: Context) -> None:
    source = await stored(db, context, *three())
    del source.posts_there[1]
    await check_deletions.run(context)
    assert await check_deletions.run(context) == 2


async def test_a_community_that_is_refused_keeps_its_posts_until_the_round_misses_them(
    db: Database, context: Context
) -> None:

    source = await stored(db, context, *three())
    async with db.transaction() as session:
        await subreddits.set_state(session, ["t5_1"], "refused", "banned", timedelta(days=1))
    assert (await personal(db, "t3_2"))[0] == "kettle"
    await keep(db, subreddit(id="t5_2", name="Kettles"))
    other = post(id="t3_9", subreddit_id="t5_2", subreddit="Kettles")
    await keep_posts(db, other)
    source.posts_there = [other]
    await check_deletions.run(context)
    assert await personal(db, "t3_2") == NOTHING
