"""Readings of another day: an archive's, and how often a community is asked for."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collectors.records import Subreddit
from db import subreddits
from db.database import Database
from db.subreddits import LATEST, SOONEST
from tests.factories import post, subreddit
from tests.stored import keep, keep_posts, sql

LONG_AGO = datetime(2024, 2, 3, 4, 56, tzinfo=UTC)


async def row_of(db: Database, one: str = "t5_1") -> dict[str, Any]:
    ((row,),) = await sql(db, "SELECT to_jsonb(subreddits) FROM subreddits WHERE id = %s", one)
    return dict(row)


async def everything(db: Database) -> list[tuple[Any, ...]]:
    return await sql(
        db,
        "SELECT to_jsonb(s)::text FROM subreddits AS s UNION ALL "
        "SELECT to_jsonb(p)::text FROM subreddit_snapshots AS p UNION ALL "
        "SELECT to_jsonb(t)::text FROM totals AS t ORDER BY 1",
    )


async def test_an_older_reading_never_replaces_a_newer_one(db: Database) -> None:
    await keep(db, subreddit(title="now"))
    await keep(db, subreddit(title="then", subscribers=7, read_at=LONG_AGO))
    row = await row_of(db)
    assert (row["title"], row["subscribers"]) == ("now", 1200)
    assert await sql(
        db, "SELECT subscribers FROM subreddit_snapshots WHERE at = %s", LONG_AGO.replace(minute=0)
    ) == [(7,)], "its point of growth is news all the same"


async def test_a_newer_reading_replaces_an_archives(db: Database) -> None:
    await keep(db, subreddit(title="then", read_at=LONG_AGO))
    await keep(db, subreddit(title="later", read_at=LONG_AGO + timedelta(days=1)))
    assert (await row_of(db))["title"] == "later"
    await keep(db, subreddit(title="now"))
    assert (await row_of(db))["title"] == "now"


async def test_an_archives_batch_twice_changes_nothing(db: Database) -> None:
    batch = [subreddit(id=f"t5_{n}", name=f"Tea{n}", read_at=LONG_AGO) for n in range(30)]
    assert await keep(db, *batch) == 30
    before = await everything(db)
    assert await keep(db, *batch) == 0
    assert await everything(db) == before


async def test_of_two_readings_in_one_batch_the_newer_holds(db: Database) -> None:
    await keep(
        db,
        subreddit(title="later", read_at=LONG_AGO + timedelta(days=1)),
        subreddit(title="then", read_at=LONG_AGO),
    )
    assert (await row_of(db))["title"] == "later"


async def test_what_only_an_archive_knows_is_due_at_once(db: Database) -> None:
    await keep(db, subreddit(read_at=LONG_AGO))
    assert datetime.fromisoformat((await row_of(db))["next_due_at"]) < datetime.now(UTC)


async def test_who_was_asked_for_is_not_due_at_once_again_however_old_the_answer(db: Database) -> None:
    await keep(db, subreddit(read_at=LONG_AGO))
    async with db.transaction() as session:
        await subreddits.refreshed(session, ["t5_1"])
    assert await sql(db, "SELECT next_due_at > now() + interval '50 minutes' FROM subreddits") == [(True,)]


async def refresh_after(db: Database, share: float, record: Subreddit) -> float:
    """Hours to the next refresh, when this is read after a share of the time to it."""
    await sql(db, "UPDATE subreddits SET refreshed_at = now() - refresh_every * %s", share)
    await keep(db, record)
    ((hours,),) = await sql(
        db, "SELECT (extract(epoch FROM next_due_at - refreshed_at) / 3600)::float8 FROM subreddits"
    )
    return float(hours)


async def test_what_never_changes_is_asked_for_less_and_less_often_but_daily(db: Database) -> None:
    await keep(db, subreddit())
    hours = [await refresh_after(db, 1, subreddit()) for _ in range(10)]
    assert hours[:3] == [1.5, 2.25, 3.375]
    assert hours[-1] == LATEST / timedelta(hours=1)


CHANGES = [
    {"title": "x"},
    {"description": "x"},
    {"type": "restricted"},
    {"over18": None},
    {"quarantine": True},
    {"subscribers": 1210},
    {"subscribers": None},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
async def test_a_change_halves_the_time_to_the_next_refresh(db: Database, change: dict[str, Any]) -> None:
    await keep(db, subreddit())
    await sql(db, "UPDATE subreddits SET refresh_every = '8 hours'")
    assert await refresh_after(db, 1, subreddit(**change)) == 4
    back = [await refresh_after(db, 1, subreddit(**record)) for record in ({}, change, {}, change)]
    assert back == [2, 1, 1, 1], "an hour at the soonest"
    assert timedelta(hours=1) == SOONEST


@pytest.mark.parametrize(("before", "after"), [(1200, 1209), (50_000, 50_049), (200, 208)])
async def test_a_few_subscribers_more_are_no_change(db: Database, before: int, after: int) -> None:
    await keep(db, subreddit(subscribers=before))
    assert await refresh_after(db, 1, subreddit(subscribers=after)) == 1.5


async def test_a_reading_soon_after_another_tells_nothing_of_how_often_it_changes(db: Database) -> None:
    await keep(db, subreddit())
    assert [await refresh_after(db, 0.1, subreddit()) for _ in range(5)] == [1] * 5


async def test_a_real_community_takes_over_what_its_stand_in_had(db: Database) -> None:
    stand_in = subreddit(id="r/teapots", name="teapots", subscribers=5, read_at=LONG_AGO)
    await keep(db, stand_in, subreddit(id="r/kettles", name="kettles", subscribers=None, read_at=LONG_AGO))
    await keep_posts(
        db, *(post(id=f"t3_{n}", subreddit_id="r/teapots", subreddit_subscribers=None) for n in range(3))
    )
    async with db.transaction() as session:
        assert await subreddits.adopt(session, ["r/teapots", "r/kettles", "r/gone"], [subreddit()]) == 1
    assert await sql(db, "SELECT id FROM subreddits ORDER BY id") == [("r/kettles",), ("t5_1",)]
    assert await sql(db, "SELECT id, subreddit_id FROM posts ORDER BY id") == [
        (f"t3_{n}", "t5_1") for n in range(3)
    ]
    assert await sql(db, "SELECT subscribers FROM subreddit_snapshots ORDER BY at") == [(5,), (1200,)]
    assert await subreddits.totals(db) | {"subreddits": 2, "posts": 3} == await subreddits.totals(db)
