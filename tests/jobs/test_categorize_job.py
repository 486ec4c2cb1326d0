import pytest

from db import categories
from db.database import Database
from jobs import categorize
from jobs.context import Context
from tests.factories import subreddit
from tests.stored import keep, sql

COOKS = subreddit(
    id="t5_cook", name="Sourdough", title="Sourdough bread", description="Starters, loaves and recipes."
)


async def test_every_community_gets_a_category_and_a_reason(
    db: Database, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(categorize, "BATCH", 3)
    await keep(db, COOKS, *(subreddit(id=f"t5_{n}", name=f"Tea{n}") for n in range(7)))
    assert await categorize.run(context) == 8
    assert await sql(db, "SELECT count(*) FROM subreddits WHERE category IS NULL") == [(0,)]
    ((category, method, version, evidence, confidence),) = await sql(
        db,
        "SELECT category, method, version, evidence, confidence FROM categorizations "
        "WHERE subreddit_id = 't5_cook'",
    )
    assert (category, version) == ("food", context.classifier.version)
    assert method
    assert evidence
    assert 0 < confidence <= 1


async def test_nobody_is_judged_twice_by_the_same_version(db: Database, context: Context) -> None:
    await keep(db, COOKS)
    assert [await categorize.run(context) for _ in range(2)] == [1, 0]
    await keep(db, subreddit(id="t5_new", name="New"))
    assert await categorize.run(context) == 1


async def test_what_a_person_said_stays(db: Database, context: Context) -> None:
    await keep(db, COOKS)
    said = categories.Decision("t5_cook", "science", 1.0, None, "person", "anna", [])
    async with db.transaction() as session:
        await categories.decide(session, [said])
    assert await categorize.run(context) == 0
    assert await sql(db, "SELECT category FROM subreddits") == [("science",)]
