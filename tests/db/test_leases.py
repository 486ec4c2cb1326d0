import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from db import subreddits
from db.database import Database
from db.measure import QueryRecorder
from db.statements import statements
from tests.factories import subreddit
from tests.stored import keep, sql

LEASE = timedelta(minutes=10)


@pytest.fixture
async def due(db: Database) -> Database:
    """Forty communities whose metadata and posts are due."""
    await keep(db, *(subreddit(id=f"t5_{n}", name=f"Tea{n}") for n in range(40)))
    await sql(db, "UPDATE subreddits SET next_due_at = now() - interval '1 hour'")
    return db


async def lease(db: Database, statement: str = "subreddits.lease_due", limit: int = 5) -> list[str]:
    return [row["name"] for row in await db.rows(statement, lease=LEASE, limit=limit)]


@pytest.mark.parametrize("statement", ["subreddits.lease_due", "subreddits.lease_posts_due"])
async def test_planners_at_once_never_get_the_same_name(
    due: Database, database_url: str, statement: str
) -> None:
    other = Database(database_url, due.schema, QueryRecorder(100), pool_size=4)
    await other.open()
    got = await asyncio.gather(*(lease(who, statement) for who in (due, other) * 4))
    await other.close()
    names = [name for each in got for name in each]
    assert len(names) == len(set(names)) == 40
    assert await lease(due, statement) == []


async def test_a_planner_does_not_wait_for_one_that_has_not_committed(due: Database) -> None:
    async with due.transaction() as slow, asyncio.timeout(5):
        first = {row["name"] for row in await slow.rows("subreddits.lease_due", lease=LEASE, limit=30)}
        second = set(await lease(due, limit=30))
    assert len(first) == 30
    assert len(second) == 10
    assert not first & second


async def test_a_lease_ends(due: Database) -> None:
    await lease(due, limit=40)
    await sql(due, "UPDATE subreddits SET leased_until = now() - interval '1 second' WHERE name = 'Tea7'")
    assert await lease(due) == ["Tea7"]


async def test_refreshing_ends_the_lease_and_sets_the_next_date(due: Database) -> None:
    assert await lease(due, limit=1)
    await keep(due, *(subreddit(id=f"t5_{n}", name=f"Tea{n}") for n in range(40)))
    assert await lease(due) == []
    assert await sql(due, "SELECT count(*) FROM subreddits WHERE leased_until IS NOT NULL") == [(0,)]


async def test_the_longest_overdue_come_first(due: Database) -> None:
    await sql(due, "UPDATE subreddits SET next_due_at = now() - interval '1 day' WHERE name = 'Tea31'")
    assert await lease(due, limit=1) == ["Tea31"]


async def test_posts_are_not_asked_of_those_that_have_none_to_give(due: Database) -> None:
    await keep(due, subreddit(id="t5_p", name="Private", type="private"))
    async with due.transaction() as session:
        await subreddits.set_state(session, ["t5_1"], "refused", "banned", timedelta(days=1))
    names = await lease(due, "subreddits.lease_posts_due", limit=100)
    assert len(names) == 39
    assert not {"Private", "Tea1"} & set(names)


async def collected(due: Database, again_in: timedelta, *ids: str) -> None:
    await due.execute(
        "subreddits.posts_collected",
        ids=list(ids),
        per_hour=[1.0] * len(ids),
        again_in=[again_in] * len(ids),
        at=datetime.now(UTC),
    )


async def test_whose_posts_are_longest_overdue_come_first_and_collecting_sets_the_next_date(
    due: Database,
) -> None:
    await collected(due, timedelta(days=-1), "t5_3")
    await collected(due, timedelta(hours=1), "t5_4")
    assert await lease(due, "subreddits.lease_posts_due", limit=1) == ["Tea3"]
    assert len(await lease(due, "subreddits.lease_posts_due", limit=40)) == 38
    await due.execute("subreddits.posts_retry", ids=["t5_5"], again_in=timedelta(minutes=5))
    assert await lease(due, "subreddits.lease_posts_due", limit=40) == []
    await due.execute("subreddits.release_posts", ids=["t5_3", "t5_4", "t5_5"])
    assert await lease(due, "subreddits.lease_posts_due", limit=40) == ["Tea3"]


async def test_a_stand_in_waits_for_its_real_id_before_posts_are_asked_for(due: Database) -> None:
    await keep(due, subreddit(id="r/kettles", name="Kettles"))
    assert "Kettles" not in await lease(due, "subreddits.lease_posts_due", limit=100)


async def test_of_two_by_one_name_each_has_its_own_lease(due: Database) -> None:
    await keep(due, subreddit(id="t5_old", name="Tea7"))
    await sql(due, "UPDATE subreddits SET next_due_at = now() - interval '1 hour'")
    await due.execute("subreddits.renew_lease", lease=LEASE, ids=["t5_old"])
    assert (await lease(due, limit=40)).count("Tea7") == 1


async def test_a_batch_that_begins_late_is_reserved_anew(due: Database) -> None:
    assert len(await lease(due, limit=40)) == 40
    assert len(await lease(due, "subreddits.lease_posts_due", limit=40)) == 40
    ago = "UPDATE subreddits SET leased_until = now() - interval '1 s', posts_leased_until = now() - interval '1 s'"
    await sql(due, ago)
    for statement in ("subreddits.renew_lease", "subreddits.renew_posts_lease"):
        assert await due.execute(statement, lease=LEASE, ids=["t5_1", "t5_2"]) == 2
    assert len(await lease(due, limit=40)) == 38
    assert len(await lease(due, "subreddits.lease_posts_due", limit=40)) == 38


async def test_those_never_collected_are_not_read_again_with_each_plan(due: Database) -> None:
    await sql(due, "UPDATE subreddits SET state = 'refused' WHERE id <> 't5_7'")
    planning = "EXPLAIN (ANALYZE) " + statements()["subreddits.lease_posts_due"]
    async with due.transaction() as session, session.connection.cursor() as cursor:
        await cursor.execute("SET LOCAL enable_seqscan = off")
        await cursor.execute(planning, {"lease": LEASE, "limit": 5})
        plan = "\n".join(line for (line,) in await cursor.fetchall())
    assert "using subreddits_posts_due" in plan
    assert "Rows Removed by Filter" not in plan
