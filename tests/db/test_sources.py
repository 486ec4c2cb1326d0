from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from db import sources
from db.database import Database
from db.sources import Ages, Credentials, Heard, StateCount
from tests.factories import subreddit
from tests.stored import keep, sql

NOON = datetime(2026, 11, 23, 12, 0, 7, tzinfo=UTC)
STEP = timedelta(minutes=5)


async def test_what_a_tally_grew_by_is_added_to_the_minute(db: Database) -> None:
    growth = {
        "requests": 5,
        "alive": 2,
        "refused": 1,
        "refused:private": 1,
        "unknown": 1,
        "unknown:timeout": 1,
    }
    await sources.add_answers(db, "one", "reddit", NOON, growth)
    await sources.add_answers(db, "one", "reddit", NOON + timedelta(seconds=50), growth | {"alive": 0})
    await sources.add_answers(db, "two", "reddit", NOON, {"alive": 1})
    await sources.add_answers(db, "one", "instagram", NOON, {"alive": 1})
    rows = await sql(db, "SELECT DISTINCT at FROM source_answers")
    assert rows == [(NOON.replace(second=0),)]
    heard = await sources.heard(db, NOON)
    last = NOON + timedelta(seconds=50)
    assert heard["reddit"] == Heard(
        requests=10,
        alive=3,
        refused=2,
        unknown=2,
        reasons={"refused:private": 2, "unknown:timeout": 2},
        last_at={"request": last, "alive": NOON, "refused:private": last, "unknown:timeout": last},
    )
    assert heard["instagram"].alive == 1
    assert await sources.heard(db, NOON + timedelta(minutes=1)) == {}


async def test_words_that_are_no_outcome_are_not_stored(db: Database) -> None:
    await sources.add_answers(db, "one", "reddit", NOON, {"paused_seconds": 3, "refused": 2, "unknown": 1})
    assert await sources.heard(db, NOON) == {}


async def test_a_flush_is_stored_whole_or_not_at_all(db: Database) -> None:
    with pytest.raises(psycopg.DataError):
        await sources.add_answers(db, "one", "reddit", NOON, {"alive": 1, "refused:private": 10**30})
    assert await sources.heard(db, NOON) == {}


async def test_steps_of_a_range_are_counted_by_outcome(db: Database) -> None:
    for minutes, growth in (
        (0, {"requests": 3, "alive": 2}),
        (4, {"unknown:blocked": 1}),
        (12, {"alive": 7}),
    ):
        await sources.add_answers(db, "one", "reddit", NOON + timedelta(minutes=minutes), growth)
    await sources.add_answers(db, "one", "instagram", NOON, {"refused:missing": 4})
    steps = await sources.over_time(db, NOON, STEP)
    assert [
        (row["at"].minute, row["requests"], row["alive"], row["refused"], row["unknown"]) for row in steps
    ] == [
        (0, 3, 2, 4, 1),
        (10, 0, 7, 0, 0),
    ]
    (step,) = await sources.over_time(db, NOON, STEP, "instagram")
    assert (step["refused"], step["alive"]) == (4, 0)


async def test_the_last_answer_is_found_however_long_ago(db: Database) -> None:
    long_ago = NOON - timedelta(days=20)
    await sources.add_answers(db, "one", "reddit", long_ago, {"alive": 1})
    await sources.add_answers(db, "one", "reddit", NOON, {"unknown:timeout": 1})
    last = await sources.last_answers(db, ["reddit", "instagram"])
    assert last == {"reddit": (long_ago, NOON), "instagram": (None, None)}


async def test_credentials_are_those_last_told(db: Database) -> None:
    await sources.note_credentials(
        db, "instagram", token_expires_at=NOON, quota_percent=81.5, quota_name="calls"
    )
    await sources.note_credentials(db, "instagram", token_problem="expired")
    await sources.note_credentials(db, "reddit", token_expires_at=NOON)
    assert await sources.credentials(db) == {
        "instagram": Credentials(token_problem="expired"),
        "reddit": Credentials(token_expires_at=NOON),
    }


async def aged(db: Database, id: str, **hours_ago: float | None) -> None:
    """Let these times of a community lie so many hours ago, None being never."""
    await sql(
        db,
        "UPDATE subreddits SET refreshed_at = now() - %s * interval '1 hour', "
        "posts_collected_at = now() - %s * interval '1 hour', next_due_at = now() - %s * interval '1 hour', "
        "posts_due_at = now() - %s * interval '1 hour' WHERE id = %s",
        hours_ago.get("refreshed"),
        hours_ago.get("collected"),
        hours_ago.get("due", -1),
        hours_ago.get("posts_due", -1),
        id,
    )


async def test_freshness_counts_each_community_once(db: Database) -> None:
    ages = (0.5, 5, 23, 25, 30, None)
    await keep(db, *(subreddit(id=f"t5_{n}", name=f"N{n}") for n in range(len(ages))))
    for n, age in enumerate(ages):
        await aged(db, f"t5_{n}", refreshed=age, collected=None if n else 2)
    fresh = await sources.freshness(db)
    assert (fresh.communities, fresh.sampled) == (6, 6)
    assert fresh.refreshed.oldest_at is not None
    thirty_hours = datetime.now(UTC) - fresh.refreshed.oldest_at
    assert thirty_hours.total_seconds() == pytest.approx(30 * 3600, abs=60)
    assert fresh.refreshed == Ages(1, 1, 1, 2, 1, fresh.refreshed.oldest_at)
    assert fresh.collected == Ages(0, 1, 0, 0, 5, fresh.collected.oldest_at)
    assert (fresh.overdue.count, fresh.overdue.since) == (0, None)


async def test_only_what_is_long_due_is_overdue(db: Database) -> None:
    await keep(db, *(subreddit(id=f"t5_{n}", name=f"N{n}") for n in range(4)))
    for n, due in enumerate((-1, 4 / 60, 6 / 60, 3)):
        await aged(db, f"t5_{n}", refreshed=1, due=due, posts_due=due)
    await sql(db, "UPDATE subreddits SET state = 'refused', state_reason = 'private' WHERE id = 't5_3'")
    overdue = await sources.overdue(db)
    assert (overdue.count, overdue.is_at_least) == (2, False)
    assert overdue.since is not None
    assert (datetime.now(UTC) - overdue.since).total_seconds() == pytest.approx(3 * 3600, abs=60)
    assert (await sources.posts_overdue(db)).count == 1, "nobody collects from a private community"
    fresh = await sources.freshness(db)
    assert fresh.states == [StateCount("alive", None, 3), StateCount("refused", "private", 1)]
    assert sum((fresh.collected.never, fresh.collected.older)) == 3


async def test_counting_what_is_overdue_ends_at_a_limit(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "COUNTED_AT_MOST", 2)
    await keep(db, *(subreddit(id=f"t5_{n}", name=f"N{n}") for n in range(3)))
    for n in range(3):
        await aged(db, f"t5_{n}", due=n + 1)
    overdue = await sources.overdue(db)
    assert (overdue.count, overdue.is_at_least) == (2, True)
    assert overdue.since is not None
    assert (datetime.now(UTC) - overdue.since).total_seconds() > 2.9 * 3600, "the oldest all the same"


async def test_many_communities_are_estimated_from_some_of_them(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sql(
        db,
        "INSERT INTO subreddits (id, name, description, refreshed_at) SELECT 't5_' || n, 'N' || n, "
        "repeat('x', 500), CASE WHEN n % 4 = 0 THEN now() END FROM generate_series(1, 4000) AS n",
    )
    await sql(db, "UPDATE totals SET value = 4000 WHERE name = 'subreddits'")
    monkeypatch.setattr(sources, "SAMPLED_COMMUNITIES", 2000)
    fresh = await sources.freshness(db)
    assert fresh.communities == 4000
    assert 1000 < fresh.sampled < 3000
    assert fresh.refreshed.within_1_h == pytest.approx(1000, rel=0.1)
    assert fresh.refreshed.never == pytest.approx(3000, rel=0.1)
    assert await sources.freshness(db) == fresh, "the same blocks each time, so that figures do not jump"


async def test_nothing_is_known_of_an_empty_table(db: Database) -> None:
    fresh = await sources.freshness(db)
    assert (fresh.communities, fresh.states) == (0, [])
    assert fresh.refreshed == fresh.collected == Ages(0, 0, 0, 0, 0, None)
