import pytest

from db.advice import changes
from db.advice.advice import IndexAdvice
from db.advice.definition import IndexColumn, IndexDefinition
from db.database import Database
from db.diagnosis import target
from jobs import change_indexes
from jobs.context import Context
from jobs.runtime import Runtime
from tests.stored import sql


@pytest.fixture
async def wanted(db: Database) -> int:
    """An index that somebody wants in our own database."""
    definition = IndexDefinition(db.schema, "posts", (IndexColumn("author"),))
    advice = IndexAdvice(definition, "CREATE …", "DROP …", "It is read by author.", (), 0, "estimate")
    return await changes.want(db, target.own(db), advice, "a test")


async def indexes(db: Database) -> set[str]:
    return {name for (name,) in await sql(db, "SELECT indexname FROM pg_indexes WHERE tablename = 'posts'")}


async def test_what_is_wanted_is_made(context: Context, wanted: int) -> None:
    assert await change_indexes.run(context) == 1
    assert "posts_by_author" in await indexes(context.db)
    assert await changes.open_targets(context.db) == set()


async def test_the_clock_queues_a_run_only_where_something_is_wanted(runtime: Runtime, db: Database) -> None:
    job = runtime.jobs["change_indexes"]
    assert await runtime.queue.start(job) == 0
    definition = IndexDefinition(db.schema, "posts", (IndexColumn("author"),))
    advice = IndexAdvice(definition, "", "", "", (), 0, "estimate")
    await changes.want(db, target.own(db), advice, "a test")
    assert await runtime.queue.start(job) == 1


async def test_nothing_is_changed_where_the_operator_does_not_allow_it(context: Context, wanted: int) -> None:
    context.settings = context.settings.model_copy(update={"database_actions": "off"})
    assert await change_indexes.run(context) == 0
    assert "posts_by_author" not in await indexes(context.db)
    assert await changes.open_targets(context.db) == {"own"}


async def test_one_that_is_away_holds_up_no_other(context: Context, wanted: int) -> None:
    away = "postgresql://nobody@127.0.0.1:1/away"
    context.settings = context.settings.model_copy(update={"watched_databases": (away,)})
    definition = IndexDefinition("public", "orders", (IndexColumn("id"),))
    advice = IndexAdvice(definition, "", "", "", (), 0, "estimate")
    gone = target.watched(context.settings, context.db.recorder)[0]
    await changes.want(context.db, gone, advice, "a test")
    assert await change_indexes.run(context) == 1
    assert [one.state for one in await changes.changes(context.db)] == ["wanted", "done"]


async def test_what_is_wanted_of_a_database_that_is_not_watched_any_more_waits(context: Context) -> None:
    definition = IndexDefinition(context.db.schema, "posts", (IndexColumn("author"),))
    advice = IndexAdvice(definition, "", "", "", (), 0, "estimate")
    other = target.Target("shop@example.org", context.db, None)
    await changes.want(context.db, other, advice, "a test")
    assert await change_indexes.run(context) == 0
