from datetime import timedelta
from typing import Any

import pytest

from collectors.outcome import Refused, Unknown
from collectors.records import Details
from db import details, subreddits
from db.database import Database
from jobs import read_details
from jobs.context import Context
from jobs.job import SourceFailed
from tests.factories import subreddit
from tests.jobs.told import ToldSource
from tests.stored import keep, sql

RULES = Details(
    ({"kind": "link", "short_name": "Pour", "description": "no \x00 spilling \ud83e"},),
    {"title_min_length": 5},
)


@pytest.fixture
async def source(db: Database, context: Context) -> ToldSource:
    await keep(db, subreddit(), subreddit(id="t5_2", name="Kettles", subscribers=9_000_000))
    context.source = source = ToldSource()
    source.told_details = {"Teapots": RULES, "Kettles": RULES}
    return source


async def plan(context: Context) -> list[list[str]]:
    async with context.db.transaction() as session:
        return [batch["ids"] for batch in await read_details.plan(context, session)]


async def due_in_days(db: Database) -> dict[str, float]:
    rows = await sql(
        db, "SELECT id, extract(epoch FROM details_due_at - now())::float8 / 86400 FROM subreddits"
    )
    return {one: round(days, 2) for one, days in rows}


async def test_rules_and_requirements_are_kept_for_a_month(
    db: Database, context: Context, source: ToldSource
) -> None:
    (ids,) = await plan(context)
    assert await read_details.run(context, ids) == 2
    found: Any = await details.one(db, "TEAPOTS")
    assert found["rules"] == [{"kind": "link", "short_name": "Pour", "description": "no  spilling ?"}]
    assert found["requirements"] == {"title_min_length": 5}
    assert await due_in_days(db) == {"t5_1": 30, "t5_2": 30}
    assert await plan(context) == []
    assert await details.one(db, "Nobody") is None


async def test_the_largest_come_first_and_the_budget_bounds_them(
    db: Database, context: Context, source: ToldSource
) -> None:
    await keep(db, *(subreddit(id=f"t5_x{n}", name=f"Tea{n}", subscribers=n) for n in range(50)))
    (ids,) = await plan(context)
    assert len(ids) == 4, "five in a hundred of two minutes of 90 calls, two each"
    assert set(ids) == {"t5_2", "t5_1", "t5_x49", "t5_x48"}


async def test_a_source_that_has_none_to_tell_is_asked_again_in_a_month(
    db: Database, context: Context, source: ToldSource
) -> None:
    source.fails["Teapots"] = Refused("bad_request", "told so")
    assert await read_details.run(context, ["t5_1"]) == 0
    assert await details.one(db, "Teapots") is None
    assert (await due_in_days(db))["t5_1"] == 30


async def test_of_an_unclear_answer_nothing_is_kept_and_it_is_asked_again_soon(
    db: Database, context: Context, source: ToldSource
) -> None:
    await read_details.run(context, ["t5_1"])
    source.fails["Teapots"] = Unknown("timeout", "told so")
    await read_details.run(context, ["t5_1"])
    assert (await due_in_days(db))["t5_1"] < 0.1
    assert await details.one(db, "Teapots") is not None


async def test_being_turned_away_ends_the_run(db: Database, context: Context, source: ToldSource) -> None:
    source.down = Unknown("blocked", "whoa there")
    with pytest.raises(SourceFailed):
        await read_details.run(context, ["t5_1", "t5_2"])
    assert len(source.asked) == 1
    assert max((await due_in_days(db)).values()) <= 0
    (again,) = await plan(context)
    assert sorted(again) == ["t5_1", "t5_2"], "nobody holds them"


async def test_refused_ones_are_not_asked(db: Database, context: Context, source: ToldSource) -> None:

    async with db.transaction() as session:
        await subreddits.set_state(session, ["t5_2"], "refused", "banned", timedelta(days=1))
    assert await plan(context) == [["t5_1"]]
