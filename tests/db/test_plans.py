"""Plans without values: of parameters in memory, and of none, on every PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from db import partitions, plans
from db.database import Database, with_schema
from db.measure import QueryRecorder
from db.migrate import migrate
from db.normalized import identified
from db.statements import statements
from tests.conftest import SCHEMA
from tests.factories import subreddit
from tests.stored import keep, sql


@pytest.fixture
async def any_db(any_database: str) -> AsyncIterator[Database]:
    """An open pool on a migrated database of each PostgreSQL in turn."""
    migrate(any_database, SCHEMA)
    partitions.maintain(with_schema(any_database, SCHEMA))
    database = Database(any_database, SCHEMA, QueryRecorder(slow_query_ms=1e9), pool_size=4)
    await database.open()
    yield database
    await database.close()


async def test_a_plan_shows_conditions_without_the_values_in_them(db: Database) -> None:
    text = "SELECT FROM subreddits WHERE title = %(t)s AND subscribers > %(n)s AND name = ANY(%(names)s)"
    plan, _ = await plans.explain(db, text, {"t": "O'Hara's hunter2", "n": 424242, "names": ["hunter2"]})
    assert plan is not None
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
    plan, missing = await plans.explain(db, statements()[name], params)
    assert missing is None
    assert plan is not None
    assert plan[0]["Plan"]["Node Type"] == node


async def test_explaining_changes_nothing(db: Database) -> None:
    await keep(db, subreddit())
    for plan, _ in (
        await plans.explain(db, "DELETE FROM subreddits WHERE name = %(n)s", {"n": "Teapots"}),
        await plans.explain_generic(db, "DELETE FROM subreddits WHERE name = %(n)s"),
    ):
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
    plan, missing = await plans.explain(db, text)
    assert plan is None
    assert missing is not None
    assert why in missing
    assert "\n" not in missing


async def test_why_there_is_no_plan_does_not_tell_values(db: Database) -> None:
    _, missing = await plans.explain(db, "SELECT %s::text::integer", ("hunter2",))
    assert missing == "a value of it cannot be planned with (InvalidTextRepresentation)"


async def test_a_plan_without_values_is_generic(any_db: Database) -> None:
    for text in (
        "SELECT name FROM subreddits WHERE id = %(id)s AND subscribers > %(n)s",
        identified("SELECT name FROM subreddits WHERE id = 't5_1' AND subscribers > 424242").text,
        statements()["runs.recent"],
        statements()["subreddits.set_state"],
        "SELECT 1 FROM posts",
    ):
        plan, missing = await plans.explain_generic(any_db, text)
        assert missing is None, text
        assert plan is not None
        assert "Node Type" in plan[0]["Plan"]
    assert await sql(any_db, "SELECT name FROM pg_prepared_statements WHERE name LIKE 'subpulse%%'") == []


async def test_our_own_statements_have_a_generic_plan(any_db: Database) -> None:
    lacking = {}
    for name, text in statements().items():
        plan, missing = await plans.explain_generic(any_db, text)
        if plan is None and missing != plans.UNEXPLAINABLE and "staged" not in str(missing):
            lacking[name] = str(missing)
    assert len(lacking) < len(statements()) / 10, lacking


async def test_a_generic_plan_holds_for_any_value(any_db: Database) -> None:
    plan, _ = await plans.explain_generic(any_db, "SELECT FROM posts WHERE id = %(id)s AND score > %(n)s")
    assert plan is not None
    assert "One-Time Filter" not in plan[0]["Plan"], "planned for nulls, which no row is equal to"
    assert plan[0]["Plan"]["Index Name"] == "posts_pkey"


async def test_a_second_statement_behind_the_first_is_never_run(any_db: Database) -> None:
    text = "SELECT 1; CREATE TABLE planted (n integer)"
    for plan, missing in (await plans.explain(any_db, text), await plans.explain_generic(any_db, text)):
        assert plan is None
        assert "multiple commands" in str(missing)
    assert await sql(any_db, "SELECT to_regclass('planted')") == [(None,)]


async def test_a_lock_is_not_waited_for(db: Database, database_url: str) -> None:
    with psycopg.connect(with_schema(database_url, SCHEMA)) as other:
        other.execute("LOCK TABLE posts")
        plan, missing = await plans.explain(db, "SELECT FROM posts")
    assert plan is None
    assert "lock timeout" in str(missing)
