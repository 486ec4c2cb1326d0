from datetime import timedelta
from typing import Any

from db import subreddits
from db.database import Database
from db.subreddits import set_state
from tests.factories import subreddit
from tests.stored import keep, sql


async def only(db: Database) -> dict[str, Any]:
    async with db.connection() as connection:
        cursor = await connection.execute("SELECT to_jsonb(subreddits) FROM subreddits")
        ((row,),) = await cursor.fetchall()
    return dict(row)


async def snapshots(db: Database) -> list[tuple[Any, ...]]:
    return await sql(db, "SELECT subreddit_id, subscribers FROM subreddit_snapshots ORDER BY 1, 2")


async def test_new_ones_are_counted_once(db: Database) -> None:
    batch = [subreddit(id=f"t5_{n}", name=f"Teapots{n}") for n in range(3)]
    assert await keep(db, *batch) == 3
    assert await keep(db, *batch) == 0
    assert await keep(db, *batch, subreddit(id="t5_9", name="Kettles")) == 1
    assert (await subreddits.totals(db))["subreddits"] == 4
    assert await sql(db, "SELECT count(*) FROM subreddits") == [(4,)]


async def test_the_same_record_again_changes_nothing_but_when_it_was_refreshed(db: Database) -> None:
    await keep(db, subreddit())
    before = await only(db)
    await keep(db, subreddit())
    after = await only(db)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"refreshed_at", "next_due_at"}


async def test_a_record_twice_in_one_batch_is_one(db: Database) -> None:
    assert await keep(db, subreddit(), subreddit()) == 1


async def test_an_empty_batch_is_nothing(db: Database) -> None:
    assert await keep(db) == 0


async def test_null_is_neither_zero_nor_safe(db: Database) -> None:
    await keep(db, subreddit(subscribers=None, over18=None, quarantine=None, lang=None))
    row = await only(db)
    assert [row[name] for name in ("subscribers", "over18", "quarantine", "lang")] == [None] * 4
    assert await snapshots(db) == []


async def test_a_number_that_reddit_withdraws_becomes_null_again(db: Database) -> None:
    await keep(db, subreddit(subscribers=1200, over18=False))
    await keep(db, subreddit(subscribers=None, over18=None))
    row = await only(db)
    assert (row["subscribers"], row["over18"]) == (None, None)


async def test_its_birthday_is_not_forgotten(db: Database) -> None:
    await keep(db, subreddit())
    await keep(db, subreddit(created_at=None))
    assert (await only(db))["created_at"].startswith("2015-03-01")


async def test_an_hour_has_one_point_of_growth_and_it_is_the_last_word(db: Database) -> None:
    await keep(db, subreddit(subscribers=1200))
    await sql(db, "UPDATE subreddit_snapshots SET at = at - interval '1 hour'")
    await keep(db, subreddit(subscribers=1300))
    await keep(db, subreddit(subscribers=1350))
    assert await snapshots(db) == [("t5_1", 1200), ("t5_1", 1350)]


async def test_whoever_is_listed_is_alive_again(db: Database) -> None:
    await keep(db, subreddit())
    async with db.transaction() as session:
        await set_state(session, ["t5_1"], "refused", "private", timedelta(days=1))
    refused = await only(db)
    assert (refused["state"], refused["state_reason"]) == ("refused", "private")
    await keep(db, subreddit())
    alive = await only(db)
    assert (alive["state"], alive["state_reason"]) == ("alive", None)
    assert alive["state_since"] > refused["state_since"]


async def test_a_refusal_heard_twice_began_with_the_first(db: Database) -> None:
    await keep(db, subreddit())
    since = []
    for reason in ("private", "private", "banned"):
        async with db.transaction() as session:
            await set_state(session, ["t5_1"], "refused", reason, timedelta(days=1))
        since.append((await only(db))["state_since"])
    assert since[0] == since[1] < since[2]


async def test_a_refused_one_is_asked_again_when_told_and_its_lease_is_over(db: Database) -> None:
    await keep(db, subreddit())
    await sql(db, "UPDATE subreddits SET leased_until = now() + interval '1 hour'")
    async with db.transaction() as session:
        await set_state(session, ["t5_1"], "refused", "missing", timedelta(days=7))
    (due_in, leased) = (
        await sql(db, "SELECT (next_due_at - now()) > interval '6 days', leased_until FROM subreddits")
    )[0]
    assert due_in
    assert leased is None


async def test_text_of_any_kind_comes_back_as_it_was(db: Database) -> None:
    hostile = "Robert'); DROP TABLE subreddits;-- \t\\N \\. 🫖 “tea”\r\n\x1f"
    await keep(db, subreddit(title=hostile, description=hostile))
    row = await only(db)
    assert row["title"] == row["description"] == hostile


async def test_two_processes_may_merge_the_same_batch_at_once(db: Database) -> None:
    batch = [subreddit(id=f"t5_{n}", name=f"Teapots{n}") for n in range(50)]
    async with db.transaction() as first:
        await subreddits.merge(first, batch)
    new = await keep(db, *reversed(batch))
    assert new == 0
    assert (await subreddits.totals(db))["subreddits"] == 50
