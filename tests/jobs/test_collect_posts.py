from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from collectors.records import Subreddit
from collectors.sandbox.world import world
from db.database import Database
from jobs import collect_posts
from jobs.collect_posts import LATEST, SOONEST, due_again_in
from jobs.context import Context
from jobs.job import SourceFailed
from tests.factories import post, subreddit
from tests.jobs.sources import Answer, client_of
from tests.stored import keep, sql

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


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


async def test_posts_of_a_busy_community_are_kept_and_it_is_due_again_soon(
    db: Database, context: Context
) -> None:
    busy = of_the_sandbox(context, "open")
    await keep(db, busy)
    found = await collect_posts.run(context, [busy.name])
    assert found == 100
    assert await sql(db, "SELECT count(*), count(DISTINCT subreddit_id) FROM posts") == [(100, 1)]
    row = await row_of(db, busy.name)
    assert row["posts_collected_at"] is not None
    assert SOONEST - timedelta(minutes=1) < at(row, "posts_due_at") < LATEST
    assert await collect_posts.run(context, [busy.name]) <= 1, "what was there already is not new"


async def test_a_refusal_is_the_communitys_state(db: Database, context: Context) -> None:
    private, banned = of_the_sandbox(context, "private"), of_the_sandbox(context, "banned")
    await keep(db, private, banned)
    assert await collect_posts.run(context, [private.name, banned.name]) == 0
    for one, reason in ((private, "private"), (banned, "banned")):
        row = await row_of(db, one.name)
        assert (row["state"], row["state_reason"]) == ("refused", reason)


async def test_only_as_many_are_planned_as_the_budget_affords(db: Database, context: Context) -> None:
    await keep(db, *(subreddit(id=f"t5_{n}", name=f"Tea{n}") for n in range(60)))
    async with db.transaction() as session:
        planned = await collect_posts.plan(context, session)
    assert [len(batch["names"]) for batch in planned] == [10, 10, 10]
    await context.budget.take()
    await sql(db, "UPDATE request_budgets SET used = allowed")
    async with db.transaction() as session:
        assert await collect_posts.plan(context, session) == []


EMPTY = {"kind": "Listing", "data": {"after": None, "children": []}}


async def test_a_quiet_community_is_asked_again_late_and_stays_alive(
    db: Database, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep(db, subreddit())
    monkeypatch.setattr(context, "reddit", client_of(lambda _: httpx.Response(200, json=EMPTY)))
    assert await collect_posts.run(context, ["Teapots"]) == 0
    row = await row_of(db, "Teapots")
    assert row["state"] == "alive"
    assert at(row, "posts_due_at") > LATEST - timedelta(minutes=1)


async def test_of_a_failing_server_nothing_is_concluded_and_it_is_tried_again_soon(
    db: Database, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep(db, subreddit(), subreddit(id="t5_2", name="Kettles"))
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(500)

    monkeypatch.setattr(context, "reddit", client_of(answer))
    assert await collect_posts.run(context, ["Teapots", "Kettles"]) == 0
    row = await row_of(db, "Teapots")
    assert (row["state"], row["posts_collected_at"]) == ("alive", None)
    assert timedelta(0) < at(row, "posts_due_at") <= SOONEST
    assert any("Kettles" in path for path in asked), "one community's trouble is not the next one's"


async def test_a_source_that_turns_us_away_altogether_ends_the_run(
    db: Database, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep(db, subreddit(), subreddit(id="t5_2", name="Kettles"))
    before = await sql(db, "SELECT name, state, posts_due_at FROM subreddits ORDER BY id")
    monkeypatch.setattr(context, "reddit", client_of(Answer(403)))
    with pytest.raises(SourceFailed, match="blocked"):
        await collect_posts.run(context, ["Teapots", "Kettles"])
    assert await sql(db, "SELECT name, state, posts_due_at FROM subreddits ORDER BY id") == before


@pytest.mark.parametrize(
    ("ages_in_minutes", "expected"),
    [
        ([], LATEST),
        ([5], LATEST),
        ([0, 10], SOONEST * 50),  # two in ten minutes: fifty in 250
        (range(100), timedelta(minutes=49.5)),
        ([0, 0.01], SOONEST),
        ([0, 60 * 24 * 30], LATEST),
    ],
)
def test_it_is_due_again_when_half_a_page_will_be_new(ages_in_minutes: Any, expected: timedelta) -> None:
    found = tuple(
        post(id=f"t3_{n}", created_at=NOW - timedelta(minutes=age)) for n, age in enumerate(ages_in_minutes)
    )
    assert due_again_in(found, NOW) == expected


def test_a_stickied_post_of_old_does_not_count() -> None:
    fresh = [post(id=f"t3_{n}", created_at=NOW - timedelta(minutes=n)) for n in range(100)]
    sticky = post(id="t3_s", stickied=True, created_at=NOW - timedelta(days=900))
    assert due_again_in((sticky, *fresh), NOW) == due_again_in(tuple(fresh), NOW)
