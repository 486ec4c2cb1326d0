from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collectors.outcome import Refused, Unknown
from collectors.records import Post, Subreddit
from collectors.sandbox.world import world
from db.database import Database
from jobs import collect_posts
from jobs.context import Context
from jobs.job import SourceFailed
from jobs.posts_pace import LATEST, QUIET_AGAIN_IN, SOONEST
from tests.factories import post, subreddit
from tests.jobs.sources import Answer, client_of
from tests.jobs.told import ToldSource
from tests.stored import keep, sql

MINUTE = timedelta(minutes=1)


def of_the_sandbox(context: Context, state: str, place: int = 0) -> Subreddit:
    every = world(context.settings.sandbox_seed)
    largest_first = sorted(every.communities, key=lambda one: -every.subscribers[one.index])
    found = [one for one in largest_first if one.state == state and not one.name.startswith("u_")]
    return subreddit(id=f"t5_{found[place].id}", name=found[place].name)


async def row_of(db: Database, name: str) -> dict[str, Any]:
    ((found,),) = await sql(db, "SELECT to_jsonb(subreddits) FROM subreddits WHERE name = %s", name)
    return dict(found)


def at(row: dict[str, Any], column: str) -> timedelta:
    """How far from now."""
    return datetime.fromisoformat(row[column]) - datetime.now(UTC)


def teas(count: int) -> list[Subreddit]:
    return [subreddit(id=f"t5_{n}", name=f"Tea{n}") for n in range(count)]


def posts_of(community: Subreddit, count: int, apart: timedelta, since: timedelta = MINUTE) -> list[Post]:
    """`count` posts, the newest `since` ago, the others that far apart behind it."""
    now = datetime.now(UTC)
    return [
        post(
            id=f"t3_{community.id[3:]}x{n}",
            subreddit=community.name,
            subreddit_id=community.id,
            created_at=now - since - n * apart,
        )
        for n in range(count)
    ]


async def telling(db: Database, context: Context, communities: list[Subreddit], *posts: Post) -> ToldSource:
    await keep(db, *communities)
    context.source = source = ToldSource(communities, posts)
    return source


async def collected_ago(db: Database, ago: timedelta, per_hour: float = 1.0) -> None:
    await sql(
        db,
        "UPDATE subreddits SET posts_collected_at = now() - %s, posts_per_hour = %s, posts_due_at = now()",
        ago,
        per_hour,
    )


async def plan(context: Context) -> list[list[str]]:
    async with context.db.transaction() as session:
        return [batch["ids"] for batch in await collect_posts.plan(context, session)]


async def test_posts_of_a_busy_community_are_kept_and_it_is_due_again_soon(
    db: Database, context: Context
) -> None:
    busy = of_the_sandbox(context, "open")
    await keep(db, busy)
    found = await collect_posts.run(context, [busy.id])
    assert found >= 100
    assert await sql(db, "SELECT count(*), count(DISTINCT subreddit_id) FROM posts") == [(found, 1)]
    row = await row_of(db, busy.name)
    assert row["posts_collected_at"] is not None
    assert row["posts_per_hour"] > 1
    assert SOONEST - MINUTE < at(row, "posts_due_at") <= LATEST
    assert await collect_posts.run(context, [busy.id]) <= 1, "what was there already is not new"


async def test_the_first_time_a_whole_day_is_collected(db: Database, context: Context) -> None:
    (tea,) = teas(1)
    source = await telling(db, context, [tea], *posts_of(tea, 600, timedelta(minutes=5)))
    found = await collect_posts.run(context, [tea.id])
    assert found == 300, "288 a day, in pages of a hundred"
    assert source.pages_given == 3


async def test_nothing_is_lost_between_two_turns_however_much_came(db: Database, context: Context) -> None:
    (tea,) = teas(1)
    await telling(db, context, [tea], *posts_of(tea, 730, timedelta(seconds=10)))
    await collected_ago(db, timedelta(hours=2))
    assert await collect_posts.run(context, [tea.id]) >= 720
    ((oldest,),) = await sql(db, "SELECT now() - min(created_at) FROM posts")
    assert oldest >= timedelta(hours=2)


async def test_each_page_is_stored_as_it_comes(db: Database, context: Context) -> None:
    (tea,) = teas(1)
    source = await telling(db, context, [tea], *posts_of(tea, 1000, timedelta(minutes=1)))
    stored: list[int] = []

    async def pages(names: Any, since: Any) -> Any:
        async for page in ToldSource.new_posts(source, names, since):
            stored.append((await sql(db, "SELECT count(*) FROM posts"))[0][0])
            yield page

    source.new_posts = pages  # type: ignore[method-assign]
    await collect_posts.run(context, [tea.id])
    assert stored == [n * 100 for n in range(10)]


async def test_several_communities_cost_one_call_and_each_has_its_own_pace(
    db: Database, context: Context
) -> None:
    busy, quiet = every = teas(2)
    source = await telling(
        db,
        context,
        every,
        *posts_of(busy, 60, timedelta(minutes=1)),
        *posts_of(quiet, 1, MINUTE, timedelta(minutes=30)),
    )
    await collected_ago(db, timedelta(minutes=50), per_hour=4.0)
    assert [sorted(ids) for ids in await plan(context)] == [["t5_0", "t5_1"]]
    assert await collect_posts.run(context, ["t5_0", "t5_1"]) == 61
    assert source.calls("new_posts") == [("Tea0", "Tea1")]
    lively, still = await row_of(db, "Tea0"), await row_of(db, "Tea1")
    assert lively["posts_per_hour"] > 20 > 4 > still["posts_per_hour"] > 1
    assert at(lively, "posts_due_at") < timedelta(minutes=20)
    assert at(still, "posts_due_at") > timedelta(minutes=55)


async def test_ten_thousand_quiet_communities_share_two_hundred_calls(db: Database, context: Context) -> None:
    await telling(db, context, teas(10_000))
    await collected_ago(db, timedelta(hours=1), per_hour=0.5)
    calls = 0
    while groups := await plan(context):
        calls += len(groups)
    assert 200 <= calls <= 210


async def test_a_group_too_lively_for_its_listing_is_asked_in_halves(db: Database, context: Context) -> None:
    every = teas(2)
    source = await telling(
        db, context, every, *(one for tea in every for one in posts_of(tea, 700, timedelta(seconds=5)))
    )
    await collected_ago(db, timedelta(minutes=55), per_hour=4.0)
    assert await collect_posts.run(context, ["t5_0", "t5_1"]) == 1400
    assert source.calls("new_posts") == [("Tea0", "Tea1"), ("Tea0",), ("Tea1",)]


async def test_a_refusal_is_the_communitys_state(db: Database, context: Context) -> None:
    private, banned = of_the_sandbox(context, "private"), of_the_sandbox(context, "banned")
    await keep(db, private, banned)
    assert await collect_posts.run(context, [private.id]) == 0
    assert await collect_posts.run(context, [banned.id]) == 0
    for one, reason in ((private, "private"), (banned, "banned")):
        row = await row_of(db, one.name)
        assert (row["state"], row["state_reason"]) == ("refused", reason)


async def test_a_group_refused_as_a_whole_is_asked_until_it_is_known_whose_refusal_it_was(
    db: Database, context: Context
) -> None:
    every = teas(8)
    source = await telling(
        db, context, every, *(one for tea in every for one in posts_of(tea, 3, timedelta(hours=1)))
    )
    source.fails["Tea5"] = Refused("private", "told so")
    assert await collect_posts.run(context, [one.id for one in every]) == 21
    refused = await sql(db, "SELECT name, state_reason FROM subreddits WHERE state = 'refused'")
    assert refused == [("Tea5", "private")]
    assert len(source.calls("new_posts")) == 7


async def test_a_groups_empty_page_says_nothing_of_a_community_but_one_alone_is_quiet(
    db: Database, context: Context
) -> None:
    source = await telling(db, context, teas(2))
    assert await collect_posts.run(context, ["t5_0", "t5_1"]) == 0
    assert source.calls("new_posts") == [("Tea0", "Tea1"), ("Tea0",), ("Tea1",)]
    for name in ("Tea0", "Tea1"):
        row = await row_of(db, name)
        assert (row["state"], row["posts_per_hour"]) == ("alive", 0)
        assert at(row, "posts_due_at") > QUIET_AGAIN_IN - MINUTE


async def test_only_as_many_calls_are_planned_as_the_budget_affords(db: Database, context: Context) -> None:
    await keep(db, *teas(100))
    assert [len(ids) for ids in await plan(context)] == [5] * 10  # 36 % of 20 s of 90 a minute
    assert (await sql(db, "SELECT count(*) FROM subreddits WHERE posts_leased_until IS NOT NULL"))[0] == (50,)
    await context.budget.take()
    await sql(db, "UPDATE request_budgets SET used = allowed")
    assert await plan(context) == []


async def test_of_a_failing_server_nothing_is_concluded_and_it_is_tried_again_soon(
    db: Database, context: Context
) -> None:
    source = await telling(db, context, teas(2))
    source.down = Unknown("server_error", "told so")
    assert await collect_posts.run(context, ["t5_0", "t5_1"]) == 0
    for name in ("Tea0", "Tea1"):
        row = await row_of(db, name)
        assert (row["state"], row["posts_collected_at"]) == ("alive", None)
        assert timedelta(0) < at(row, "posts_due_at") <= SOONEST


async def test_pages_that_break_off_are_collected_from_the_same_point_again(
    db: Database, context: Context
) -> None:
    (tea,) = teas(1)
    source = await telling(db, context, [tea], *posts_of(tea, 300, timedelta(seconds=10)))
    await collected_ago(db, timedelta(hours=1))
    before = (await row_of(db, "Tea0"))["posts_collected_at"]

    async def breaking_off(names: Any, since: Any) -> Any:
        async for page in ToldSource.new_posts(source, names, since):
            yield page
            yield Unknown("timeout", "told so")
            return

    source.new_posts = breaking_off  # type: ignore[method-assign]
    assert await collect_posts.run(context, ["t5_0"]) == 100
    assert (await row_of(db, "Tea0"))["posts_collected_at"] == before
    del source.new_posts
    assert await collect_posts.run(context, ["t5_0"]) == 200


async def test_a_source_that_turns_us_away_altogether_ends_the_run(db: Database, context: Context) -> None:
    await keep(db, subreddit(), subreddit(id="t5_2", name="Kettles"))
    before = await sql(db, "SELECT name, state, posts_due_at FROM subreddits ORDER BY id")
    context.source = client_of(Answer(403))
    with pytest.raises(SourceFailed, match="blocked"):
        await collect_posts.run(context, ["t5_1", "t5_2"])
    assert await sql(db, "SELECT name, state, posts_due_at FROM subreddits ORDER BY id") == before
    assert await sql(db, "SELECT name FROM subreddits WHERE posts_leased_until IS NOT NULL") == []


async def test_stickied_posts_of_old_do_not_make_a_community_look_slow(
    db: Database, context: Context
) -> None:
    (tea,) = teas(1)
    sticky = post(
        id="t3_s",
        subreddit="Tea0",
        subreddit_id="t5_0",
        stickied=True,
        created_at=datetime(2020, 1, 1, tzinfo=UTC),
    )
    await telling(db, context, [tea], sticky, *posts_of(tea, 90, timedelta(minutes=1)))
    await collect_posts.run(context, ["t5_0"])
    assert (await row_of(db, "Tea0"))["posts_per_hour"] > 3
