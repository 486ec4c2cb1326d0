from typing import Any

import pytest

from collectors.records import Subreddit
from collectors.sandbox.world import world
from db.database import Database
from jobs import refresh_subreddits
from jobs.context import Context
from jobs.job import SourceFailed
from tests.factories import subreddit
from tests.jobs.sources import Answer, client_of
from tests.stored import keep, sql


def of_the_sandbox(context: Context, *states: str) -> list[Subreddit]:
    """One community of the sandbox per state, as it was known before."""
    every = world(context.settings.sandbox_seed).communities
    found = [next(one for one in every if one.state == state and one.type == "public") for state in states]
    return [subreddit(id=f"t5_{one.id}", name=one.name, title="as it was", subscribers=1) for one in found]


async def states(db: Database) -> dict[str, Any]:
    rows = await sql(db, "SELECT name, state, state_reason, title FROM subreddits")
    return {name: tuple(rest) for name, *rest in rows}


async def plan(context: Context) -> list[list[str]]:
    async with context.db.transaction() as session:
        return [batch["names"] for batch in await refresh_subreddits.plan(context, session)]


async def test_what_is_due_is_planned_a_hundred_names_at_a_time(db: Database, context: Context) -> None:
    await keep(db, *(subreddit(id=f"t5_{n}", name=f"Tea{n}") for n in range(250)))
    assert await plan(context) == []
    await sql(db, "UPDATE subreddits SET next_due_at = now() - interval '1 minute'")
    planned = await plan(context)
    assert [len(names) for names in planned] == [100, 100, 50]
    assert len({name for names in planned for name in names}) == 250
    assert await plan(context) == []


async def test_open_ones_are_brought_up_to_date_and_refusals_are_kept_with_their_reason(
    db: Database, context: Context
) -> None:
    open_one, banned = of_the_sandbox(context, "open", "banned")
    gone = subreddit(id="t5_gone", name="NoSuchTeahouse", title="as it was")
    await keep(db, open_one, banned, gone)
    assert await refresh_subreddits.run(context, [open_one.name, banned.name, gone.name]) == 3
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
    await refresh_subreddits.run(context, [open_one.name])
    ((now, point),) = await sql(
        db,
        "SELECT s.subscribers, p.subscribers FROM subreddits AS s JOIN subreddit_snapshots AS p ON id = subreddit_id",
    )
    assert now == point > 1


async def test_why_is_asked_of_a_few_at_a_time(
    db: Database, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh_subreddits, "ASK_WHY_AT_MOST", 2)
    gone = [subreddit(id=f"t5_g{n}", name=f"NoTea{n}") for n in range(5)]
    await keep(db, *gone)
    before = context.source.tally["requests"]
    await refresh_subreddits.run(context, [one.name for one in gone])
    assert context.source.tally["requests"] - before == 3
    assert [state for state, *_ in (await states(db)).values()].count("refused") == 2


@pytest.mark.parametrize("status", [403, 500])
async def test_a_source_that_turns_us_away_says_nothing_of_any_community(
    db: Database, context: Context, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    await keep(db, subreddit())
    before = await sql(db, "SELECT state, next_due_at FROM subreddits")
    monkeypatch.setattr(context, "reddit", client_of(Answer(status)))
    with pytest.raises(SourceFailed):
        await refresh_subreddits.run(context, ["Teapots"])
    assert await sql(db, "SELECT state, next_due_at FROM subreddits") == before
