from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from db import levels, statement_times
from db.advice import changes
from db.advice.advice import IndexAdvice, Served
from db.advice.asked import Asked
from db.advice.definition import IndexColumn, IndexDefinition
from db.database import Database
from db.diagnosis import target
from db.diagnosis.growth import growth
from db.statement_costs import Cost, DrainedStatements
from jobs import change_indexes, watch_databases
from jobs.context import Context
from settings import database_name
from tests.servers import a_database_on
from tests.stored import sql

AWAY = "postgresql://nobody@127.0.0.1:1/away"
ASKED = Asked("posts.by_author", "SELECT id FROM posts WHERE author = %(author)s", 1, 1.0, 1.0)


def watching(context: Context, *urls: str) -> None:
    context.settings = context.settings.model_copy(update={"watched_databases": urls})


async def noted(db: Database, name: str) -> set[tuple[str, str]]:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return {(one.kind, one.name) for one in await growth(db, name, today - timedelta(days=1), today)}


async def test_sizes_are_kept_of_our_own_database_and_of_every_other_that_answers(
    context: Context, postgres: str
) -> None:
    with a_database_on(postgres) as theirs:
        with psycopg.connect(theirs) as connection:
            connection.execute("CREATE TABLE sales (id int)")
        watching(context, AWAY, theirs)
        assert await watch_databases.run(context) > 50
    assert ("table", f"{context.db.schema}.posts") in await noted(context.db, "own")
    assert ("table", "public.sales") in await noted(context.db, database_name(theirs))
    assert await noted(context.db, database_name(AWAY)) == set()


@pytest.fixture
async def made_yesterday(context: Context) -> datetime:
    """An index that somebody wanted for a statement, and when it was there."""
    definition = IndexDefinition(context.db.schema, "posts", (IndexColumn("author"),))
    served = (Served(ASKED, 10.0, 1.0, 10.0, 1.0),)
    advice = IndexAdvice(definition, "", "", "", served, 0, "estimate")
    await changes.want(context.db, target.own(context.db), advice, "a test")
    await change_indexes.run(context)
    at = datetime.now(UTC) - timedelta(hours=2)
    await sql(context.db, "UPDATE index_changes SET finished_at = %s", at)
    return at


async def test_what_a_new_index_brought_is_measured_once_its_statements_ran_again(
    context: Context, made_yesterday: datetime
) -> None:
    await watch_databases.run(context)
    (change,) = await changes.changes(context.db)
    assert change.statements[0]["after"] is None
    cost = Cost()
    cost.count(0.25, 1, True, False)
    at = int(datetime.now(UTC).timestamp() // levels.STEP * levels.STEP)
    await statement_times.add(
        context.db, "me", DrainedStatements({at: {("posts.by_author", "GET /api/posts"): cost}})
    )
    await watch_databases.run(context)
    (change,) = await changes.changes(context.db)
    assert change.statements[0]["after"]["mean_seconds"] == 0.25
