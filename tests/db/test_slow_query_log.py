import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db import telemetry
from db.database import Database
from db.measure import QueryRecorder, SlowQuery
from db.statements import statements
from tests.factories import subreddit
from tests.stored import keep, sql


def slow(text: str, params: Any = None, **overrides: Any) -> SlowQuery:
    fields: dict[str, Any] = {"at": time.time(), "asker": "page overview", "seconds": 0.25, "rows": 1}
    return SlowQuery(text=text, params=params, **(fields | overrides))


async def test_a_slow_statement_is_stored_with_its_plan_and_without_its_values(database_url: str) -> None:
    recorder = QueryRecorder(slow_query_ms=20)
    db = Database(database_url, "subpulse_sandbox", recorder, pool_size=4)
    await db.open()
    recorder.drain()
    await sql(db, "SELECT pg_sleep(%s), %s::text", 0.03, "hunter2")
    _, (found,) = recorder.drain()
    await telemetry.add_slow_query(db, "me", found)
    (row,) = await telemetry.slow_queries(db, datetime.now(UTC) - timedelta(minutes=1))
    await db.close()
    assert row["plan"][0]["Plan"]["Node Type"] == "Result"
    assert row["plan_missing"] is None
    assert row["seconds"] >= 0.03
    assert row["parameter_types"] == {"1": "float", "2": "str"}
    assert "hunter2" not in str(row)


async def test_a_plan_shows_conditions_without_the_values_in_them(db: Database) -> None:
    text = "SELECT FROM subreddits WHERE title = %(t)s AND subscribers > %(n)s AND name = ANY(%(names)s)"
    plan, _ = await telemetry.explain(
        db, slow(text, {"t": "O'Hara's hunter2", "n": 424242, "names": ["hunter2"]})
    )
    shown = str(plan)
    assert "hunter2" not in shown
    assert "424242" not in shown
    assert "(title = ?::text)" in shown
    assert plan[0]["Plan"]["Relation Name"] == "subreddits"
    assert plan[0]["Plan"]["Total Cost"] > 0


@pytest.mark.parametrize(
    ("name", "params", "node"),
    [
        ("runs.pause", {"job": "prune", "paused": True}, "ModifyTable"),
        ("instances.beat", {"id": "me"}, "ModifyTable"),
        ("runs.recent", {"job": None, "outcome": "failed", "limit": 5}, "Limit"),
        ("subreddits.one", {"name": "teapots"}, "Subquery Scan"),
        ("runs.prune", {"keep": timedelta(days=1), "limit": 10}, "ModifyTable"),
        ("subreddits.lease_due", {"lease": timedelta(minutes=1), "limit": 10}, "ModifyTable"),
        (
            "subreddits.set_state",
            {"ids": ["a", "b"], "state": "refused", "reason": "private", "again_in": timedelta(days=1)},
            "ModifyTable",
        ),
    ],
)
async def test_our_own_statements_can_be_explained(
    db: Database, name: str, params: dict[str, Any], node: str
) -> None:
    plan, missing = await telemetry.explain(db, slow(statements()[name], params))
    assert missing is None
    assert plan[0]["Plan"]["Node Type"] == node


async def test_explaining_changes_nothing(db: Database) -> None:
    await keep(db, subreddit())
    plan, _ = await telemetry.explain(db, slow("DELETE FROM subreddits WHERE name = %(n)s", {"n": "Teapots"}))
    assert plan is not None
    assert await sql(db, "SELECT name FROM subreddits") == [("Teapots",)]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("VACUUM posts", "explains only statements that read or change rows"),
        ("SELECT * FROM staged_subreddits", 'relation "staged_subreddits" does not exist'),
        ("SELECT %(gone)s", "syntax error"),
    ],
)
async def test_what_cannot_be_explained_says_why_on_one_line(db: Database, text: str, why: str) -> None:
    await telemetry.add_slow_query(db, "me", slow(text))
    (row,) = await telemetry.slow_queries(db, datetime.now(UTC) - timedelta(minutes=1))
    assert row["plan"] is None
    assert why in row["plan_missing"]
    assert "\n" not in row["plan_missing"]


async def test_a_slow_batch_is_explained_by_its_first_row(database_url: str) -> None:
    recorder = QueryRecorder(slow_query_ms=0)
    db = Database(database_url, "subpulse_sandbox", recorder, pool_size=4)
    await db.open()
    recorder.drain()
    async with db.transaction() as session:
        await session.execute_each("runs.pause", [{"job": f"job {n}", "paused": True} for n in range(3)])
    found = next(one for one in recorder.drain()[1] if one.text == statements()["runs.pause"])
    plan, missing = await telemetry.explain(db, found)
    await db.close()
    assert missing is None
    assert plan[0]["Plan"]["Node Type"] == "ModifyTable"


async def test_our_own_statements_go_by_their_name_and_others_by_their_folded_text(db: Database) -> None:
    await telemetry.add_slow_query(db, "me", slow(statements()["runs.controls"], at=time.time() - 1))
    await telemetry.add_slow_query(db, "me", slow("SELECT   1\n  AS one"))
    rows = await telemetry.slow_queries(db, datetime.now(UTC) - timedelta(minutes=1))
    assert [row["statement"] for row in rows] == ["SELECT 1 AS one", "runs.controls"]
    assert len(telemetry.statement_name("SELECT " + "x" * 10_000)) == 500
