import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from db import runs
from db.database import Database, with_schema
from db.errors import DatabaseDown
from db.measure import QueryRecorder
from tests.factories import subreddit
from tests.stored import keep, sql


async def test_rows_row_and_value_are_the_same_answer_in_three_shapes(db: Database) -> None:
    await runs.pause(db, "prune", True)
    await runs.pause(db, "recover", False)
    rows = sorted(await db.rows("runs.controls"), key=lambda row: row["job"])
    assert [(row["job"], row["paused"]) for row in rows] == [("prune", True), ("recover", False)]
    assert await db.row("runs.is_paused", job="prune") == {"paused": True}
    assert await db.value("runs.is_paused", job="prune") is True


async def test_nothing_found_is_an_empty_list_or_none(db: Database) -> None:
    assert await db.rows("runs.recent", job="nobody", outcome=None, limit=5) == []
    assert await db.row("runs.last_failure") is None
    assert await db.value("runs.is_paused", job="nobody") is None


async def test_execute_says_how_many_rows_it_touched(db: Database) -> None:
    await keep(db, subreddit(id="t5_1", name="One"), subreddit(id="t5_2", name="Two"))
    params = {"state": "refused", "reason": "private", "again_in": "1 day"}
    assert await db.execute("subreddits.set_state", ids=["t5_1", "t5_2", "t5_3"], **params) == 2


async def test_a_statement_outside_a_transaction_is_kept_at_once(db: Database) -> None:
    await runs.pause(db, "prune", True)
    async with db.transaction() as other:
        assert await other.value("runs.is_paused", job="prune") is True


async def test_a_transaction_that_fails_leaves_nothing(db: Database) -> None:
    async def change_and_fail() -> None:
        async with db.transaction() as session:
            await session.execute("runs.pause", job="prune", paused=True)
            assert await session.value("runs.is_paused", job="prune") is True
            raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError, match="changed my mind"):
        await change_and_fail()
    assert not await runs.is_paused(db, "prune")


async def test_a_connection_is_usable_again_after_a_failed_transaction(db: Database) -> None:
    for _ in range(2 * db.pool_size):
        with pytest.raises(RuntimeError):
            async with db.transaction():
                raise RuntimeError
    assert await db.value("runs.is_paused", job="prune") is None


async def test_each_per_row_statement_runs_for_every_row_and_for_none(db: Database) -> None:
    async with db.transaction() as session:
        await session.execute_each("runs.pause", ({"job": f"job {n}", "paused": True} for n in range(3)))
        await session.execute_each("runs.pause", [])
    assert len(await db.rows("runs.controls")) == 3


async def test_a_value_is_never_read_as_sql(db: Database) -> None:
    hostile = "'; DROP TABLE job_controls; --"
    await runs.pause(db, hostile, True)
    assert [row["job"] for row in await db.rows("runs.controls")] == [hostile]


async def test_the_schema_comes_first_and_public_second(db: Database) -> None:
    assert await sql(db, "SELECT current_schema(), current_schemas(false)") == [
        ("subpulse_sandbox", ["subpulse_sandbox", "public"])
    ]


def test_options_that_the_operator_gave_are_kept() -> None:
    conninfo = with_schema("postgresql://host/base?options=-c%20work_mem%3D8MB", "subpulse_reddit")
    assert conninfo_to_dict(conninfo)["options"] == "-c work_mem=8MB -c search_path=subpulse_reddit,public"


async def test_a_statement_that_fails_is_no_outage(db: Database) -> None:
    for text, error in (
        ("SELECT 1 / 0", psycopg.errors.DivisionByZero),
        ("DO $$ BEGIN RAISE deadlock_detected; END $$", psycopg.errors.DeadlockDetected),
        ("SET statement_timeout = 1; SELECT pg_sleep(5)", psycopg.errors.QueryCanceled),
    ):
        with pytest.raises(error):
            await sql(db, text)


async def test_a_connection_that_is_cut_is_one(db: Database) -> None:
    with pytest.raises(DatabaseDown, match="terminating connection"):
        await sql(db, "SELECT pg_terminate_backend(pg_backend_pid())")
    assert await db.value("runs.is_paused", job="prune") is None, "the pool has others"


async def test_pool_state_counts_connections_in_use(db: Database) -> None:
    before = db.pool_state()
    async with db.connection(), db.connection():
        assert db.pool_state().in_use == before.in_use + 2
        assert db.pool_state().limit == 4


async def test_a_closed_pool_is_a_database_that_is_down(database_url: str, recorder: QueryRecorder) -> None:
    database = Database(database_url, "subpulse_sandbox", recorder, pool_size=4)
    await database.open()
    await database.close()
    with pytest.raises(DatabaseDown):
        await database.rows("runs.controls")
