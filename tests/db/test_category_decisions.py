from typing import Any

from db import categories
from db.categories import Decision
from db.database import Database
from tests.factories import subreddit
from tests.stored import keep, sql


def decision(**overrides: Any) -> Decision:
    fields: dict[str, Any] = {
        "subreddit_id": "t5_1",
        "category": "food",
        "confidence": 0.8,
        "second_best": "hobbies_diy",
        "method": "examples",
        "version": "v1",
        "evidence": ["teapots", "kettles"],
    }
    return Decision(**(fields | overrides))


async def decide(db: Database, *decisions: Decision) -> None:
    async with db.transaction() as session:
        await categories.decide(session, decisions)


async def test_a_decision_is_kept_and_gives_the_community_its_category(db: Database) -> None:
    await keep(db, subreddit())
    await decide(db, decision())
    kept = "SELECT category, second_best, method, version, evidence FROM categorizations"
    assert await sql(db, kept) == [("food", "hobbies_diy", "examples", "v1", ["teapots", "kettles"])]
    assert await sql(db, "SELECT category, category_method, category_version FROM subreddits") == [
        ("food", "examples", "v1")
    ]


async def test_a_later_decision_replaces_the_category_and_keeps_the_history(db: Database) -> None:
    await keep(db, subreddit())
    await decide(db, decision())
    await decide(db, decision(category="art_design", version="v2"))
    assert await sql(db, "SELECT category FROM subreddits") == [("art_design",)]
    assert await sql(db, "SELECT category FROM categorizations ORDER BY id") == [("food",), ("art_design",)]


async def test_what_a_person_said_is_left_alone_and_not_asked_about(db: Database) -> None:
    await keep(db, subreddit())
    await decide(db, decision(category="gaming", method="person", confidence=1.0))
    assert await categories.uncategorized(db, "v2", 10) == []
    await decide(db, decision())
    assert await sql(db, "SELECT category FROM subreddits") == [("gaming",)]


async def test_each_version_judges_each_community_once(db: Database) -> None:
    await keep(db, *(subreddit(id=f"t5_{n}", name=f"Tea{n}") for n in range(3)))
    assert [row["id"] for row in await categories.uncategorized(db, "v1", 2)] == ["t5_0", "t5_1"]
    await decide(db, *(decision(subreddit_id=f"t5_{n}") for n in range(2)))
    assert [row["id"] for row in await categories.uncategorized(db, "v1", 10)] == ["t5_2"]
    assert len(await categories.uncategorized(db, "v2", 10)) == 3


async def test_progress_and_categories_add_up(db: Database) -> None:
    await keep(db, *(subreddit(id=f"t5_{n}", name=f"Tea{n}", subscribers=n or None) for n in range(4)))
    assert (await categories.progress(db, "v1"))["last_decided_at"] is None
    await decide(
        db,
        *(decision(subreddit_id=f"t5_{n}") for n in range(2)),
        decision(subreddit_id="t5_3", category="animals"),
    )
    progress = await categories.progress(db, "v1")
    assert (progress["communities"], progress["categorized"]) == (4, 3)
    assert progress["last_decided_at"] is not None
    assert [tuple(row.values()) for row in await categories.categories(db)] == [
        ("food", 2, 1),
        ("animals", 1, 3),
    ]
