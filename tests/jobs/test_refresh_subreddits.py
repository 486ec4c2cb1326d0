from datetime import UTC, datetime
from typing import Any

import pytest

from collectors.outcome import Refused, Unknown
from collectors.records import Subreddit
from collectors.sandbox.world import world
from db.database import Database
from jobs import refresh_subreddits
from jobs.context import Context
from jobs.job import SourceFailed
from settings import Settings
from tests.factories import post, subreddit
from tests.jobs.sources import Answer, client_of
from tests.jobs.told import ToldSource
from tests.stored import keep, keep_posts, sql


def of_the_sandbox(context: Context, *states: str) -> list[Subreddit]:
    """One community of the sandbox per state, as it was known before."""
    every = world(context.settings.sandbox_seed).communities
    found = [next(one for one in every if one.state == state and one.type == "public") for state in states]
    return [subreddit(id=f"t5_{one.id}", name=one.name, title="as it was", subscribers=1) for one in found]


async def states(db: Database) -> dict[str, Any]:
    rows = await sql(db, "SELECT name, state, state_reason, title FROM subreddits")
    return {name: tuple(rest) for name, *rest in rows}


async def everyone_due(db: Database) -> None:
    await sql(db, "UPDATE subreddits SET next_due_at = now() - interval '1 minute'")


async def plan(context: Context) -> list[list[str]]:
    async with context.db.transaction() as session:
        return [batch["ids"] for batch in await refresh_subreddits.plan(context, session)]


def telling(context: Context, *communities: Subreddit) -> ToldSource:
    context.source = source = ToldSource(communities)
    return source


async def test_what_is_due_is_planned_as_many_ids_at_a_time_as_the_source_takes(
    db: Database, context: Context
) -> None:
    await keep(db, *(subreddit(id=f"t5_{n}", name=f"Tea{n}") for n in range(250)))
    assert await plan(context) == []
    await everyone_due(db)
    planned = await plan(context)
    assert [len(ids) for ids in planned] == [100, 100, 50]
    assert len({one for ids in planned for one in ids}) == 250
    assert await plan(context) == []


async def test_no_more_is_planned_than_its_part_of_the_budget_affords(db: Database, context: Context) -> None:
    await keep(db, *(subreddit(id=f"t5_{n}", name=f"Tea{n}") for n in range(1500)))
    await everyone_due(db)
    assert [len(ids) for ids in await plan(context)] == [100] * 11  # a quarter of 30 s of 90 a minute


async def test_ten_thousand_communities_cost_a_hundred_calls(db: Database, context: Context) -> None:
    every = [subreddit(id=f"t5_{n}", name=f"Tea{n}") for n in range(10_000)]
    await keep(db, *every)
    await everyone_due(db)
    source = telling(context, *every)
    while planned := await plan(context):
        for ids in planned:
            await refresh_subreddits.run(context, ids)
    assert len(source.asked) == 100
    assert await sql(db, "SELECT count(*) FROM subreddits WHERE next_due_at <= now()") == [(0,)]


async def test_open_ones_are_brought_up_to_date_and_refusals_are_kept_with_their_reason(
    db: Database, context: Context
) -> None:
    open_one, banned = of_the_sandbox(context, "open", "banned")
    gone = subreddit(id="t5_gone", name="NoSuchTeahouse", title="as it was")
    await keep(db, open_one, banned, gone)
    assert await refresh_subreddits.run(context, [open_one.id, banned.id, gone.id]) == 3
    found = await states(db)
    assert found[open_one.name][:2] == ("alive", None)
    assert found[open_one.name][2] != "as it was"
    assert found[banned.name] == ("refused", "banned", "as it was")
    assert found[gone.name] == ("refused", "missing", "as it was")
    (waits,) = await sql(
        db,
        "SELECT (SELECT next_due_at FROM subreddits WHERE name = 'NoSuchTeahouse') > now() + interval '6 days', "
        "(SELECT next_due_at FROM subreddits WHERE name = %s) < now() + interval '2 days'",
        banned.name,
    )
    assert waits == (True, True)


async def test_a_new_number_of_subscribers_is_a_point_of_growth(db: Database, context: Context) -> None:
    (open_one,) = of_the_sandbox(context, "open")
    await keep(db, open_one)
    await refresh_subreddits.run(context, [open_one.id])
    ((now, point),) = await sql(
        db,
        "SELECT s.subscribers, p.subscribers FROM subreddits AS s JOIN subreddit_snapshots AS p ON id = subreddit_id",
    )
    assert now == point > 1


async def test_why_is_asked_of_a_few_at_a_time_and_the_rest_stays_due(
    db: Database, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh_subreddits, "ASK_WHY_AT_MOST", 2)
    gone = [subreddit(id=f"t5_g{n}", name=f"NoTea{n}") for n in range(5)]
    await keep(db, *gone)
    await everyone_due(db)
    source = telling(context)
    (ids,) = await plan(context)
    await refresh_subreddits.run(context, ids)
    assert len(source.calls("about")) == 2
    assert [state for state, *_ in (await states(db)).values()].count("refused") == 2
    (rest,) = await plan(context)
    assert len(rest) == 3


async def test_a_name_that_was_reborn_replaces_the_old_community(db: Database, context: Context) -> None:
    old, new = subreddit(id="t5_old", title="old"), subreddit(id="t5_new", title="new")
    await keep(db, old)
    await everyone_due(db)
    telling(context, new)
    (ids,) = await plan(context)
    await refresh_subreddits.run(context, ids)
    rows = await sql(db, "SELECT id, state, state_reason, title FROM subreddits ORDER BY id")
    assert rows == [("t5_new", "alive", None, "new"), ("t5_old", "refused", "replaced", "old")]
    assert await sql(
        db, "SELECT next_due_at > now() + interval '300 days' FROM subreddits WHERE id = 't5_old'"
    ) == [(True,)]


async def test_a_stand_in_is_asked_for_by_name_and_gives_way_to_the_real_one(
    db: Database, context: Context
) -> None:
    await keep(db, subreddit(id="r/teapots", name="teapots"), subreddit(id="r/gone", name="gone"))
    await keep_posts(db, post(subreddit_id="r/teapots"))
    await everyone_due(db)
    source = telling(context, subreddit())
    (ids,) = await plan(context)
    assert await refresh_subreddits.run(context, ids) == 2
    assert [sorted(names) for names in source.calls("metadata_by_name")] == [["gone", "teapots"]]
    assert await sql(db, "SELECT id, state_reason FROM subreddits ORDER BY id") == [
        ("r/gone", "missing"),
        ("t5_1", None),
    ]
    assert await sql(db, "SELECT subreddit_id FROM posts") == [("t5_1",)]


async def test_an_answer_of_long_ago_is_not_asked_for_again_at_once(db: Database, context: Context) -> None:
    old = subreddit(read_at=datetime(2024, 1, 1, tzinfo=UTC))
    await keep(db, old)
    source = telling(context, old)
    (ids,) = await plan(context)
    await refresh_subreddits.run(context, ids)
    assert await plan(context) == []
    assert source.calls("metadata") == [("t5_1",)]


async def test_of_what_is_left_out_without_a_word_nothing_is_concluded(
    db: Database, context: Context
) -> None:
    await keep(db, subreddit())
    before = await states(db)
    telling(context).fails["Teapots"] = Unknown("server_error", "told so")
    await refresh_subreddits.run(context, ["t5_1"])
    assert await states(db) == before


async def test_what_nothing_is_learnt_of_does_not_keep_others_from_their_turn(
    db: Database, context: Context
) -> None:
    await keep(db, subreddit(), subreddit(id="t5_2", name="Kettles"))
    await everyone_due(db)
    source = telling(context)
    source.fails = {"Teapots": Unknown("server_error", "told so"), "Kettles": Unknown("empty", "told so")}
    (ids,) = await plan(context)
    await refresh_subreddits.run(context, ids)
    assert await plan(context) == []
    assert await sql(
        db, "SELECT round(extract(epoch FROM next_due_at - now()) / 3600) FROM subreddits ORDER BY id"
    ) == [(1,), (24,)]


async def test_what_an_archive_lacks_is_asked_for_again_in_a_day(
    db: Database, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh_subreddits, "ASK_WHY_AT_MOST", 1)
    context.settings = Settings(subpulse_source="arctic_shift")
    gone = [subreddit(id=f"t5_g{n}", name=f"NoTea{n}") for n in range(3)]
    await keep(db, *gone)
    await everyone_due(db)
    source = telling(context)
    source.fails = {one.name: Unknown("empty", "told so") for one in gone}
    (ids,) = await plan(context)
    await refresh_subreddits.run(context, ids)
    assert len(source.calls("about")) == 1
    assert await plan(context) == []


async def test_a_batch_that_fails_gives_back_what_was_not_done(db: Database, context: Context) -> None:
    await keep(db, *(subreddit(id=f"t5_{n}", name=f"Tea{n}") for n in range(150)))
    await everyone_due(db)
    planned = await plan(context)
    telling(context).down = Unknown("server_error", "told so")
    for ids in planned:
        with pytest.raises(SourceFailed):
            await refresh_subreddits.run(context, ids)
    assert {one for ids in await plan(context) for one in ids} == {one for ids in planned for one in ids}


async def test_being_blocked_while_asking_why_ends_the_run(db: Database, context: Context) -> None:
    gone = [subreddit(id=f"t5_g{n}", name=f"NoTea{n}") for n in range(3)]
    await keep(db, *gone)
    before = await states(db)
    source = telling(context)
    source.fails = {one.name: Unknown("blocked", "whoa there") for one in gone}
    with pytest.raises(SourceFailed, match="blocked"):
        await refresh_subreddits.run(context, [one.id for one in gone])
    assert len(source.calls("about")) == 1
    assert await states(db) == before


@pytest.mark.parametrize("reason", ["private", "gated", "quarantined", "legal"])
async def test_every_refusal_of_a_community_is_its_state(db: Database, context: Context, reason: Any) -> None:
    await keep(db, subreddit())
    telling(context).fails["Teapots"] = Refused(reason, "told so")
    await refresh_subreddits.run(context, ["t5_1"])
    assert (await states(db))["Teapots"][:2] == ("refused", reason)


@pytest.mark.parametrize("status", [403, 500])
async def test_a_source_that_turns_us_away_says_nothing_of_any_community(
    db: Database, context: Context, status: int
) -> None:
    await keep(db, subreddit())
    before = await sql(db, "SELECT state, next_due_at FROM subreddits")
    context.source = client_of(Answer(status))
    with pytest.raises(SourceFailed):
        await refresh_subreddits.run(context, ["t5_1"])
    assert await sql(db, "SELECT state, next_due_at FROM subreddits") == before
