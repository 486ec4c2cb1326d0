"""The slow query log: what is kept of a slow execution, how it is found again, and what ran beside it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db import plans, runs, slow_queries, statement_times
from db.database import Database
from db.measure import QueryRecorder
from db.slow_queries import Slow
from db.statement_costs import Cost, DrainedStatements, SlowQuery
from db.statements import statements
from tests.stored import sql

NOW = datetime.now(UTC).replace(microsecond=0)
MINUTE = timedelta(minutes=1)


def slow(text: str, params: Any = None, before: float = 0, **overrides: Any) -> SlowQuery:
    """One that ended so many seconds before now."""
    fields: dict[str, Any] = {"asker": "page overview", "seconds": 0.25, "rows": 1}
    return SlowQuery(NOW.timestamp() - before, text, params=params, **(fields | overrides))


async def lately(db: Database, **options: Any) -> list[Slow]:
    return await slow_queries.newest(db, NOW - timedelta(days=2), NOW + MINUTE, **options)


async def opened(db: Database, one: Slow) -> slow_queries.Opened:
    found = await slow_queries.one(db, one.at, one.id)
    assert found is not None
    return found


async def test_a_slow_statement_is_stored_with_its_plan_and_without_its_values(database_url: str) -> None:
    recorder = QueryRecorder(slow_query_ms=20)
    db = Database(database_url, "subpulse_sandbox", recorder, pool_size=4)
    await db.open()
    recorder.drain()
    await sql(db, "SELECT pg_sleep(%s), %s::text", 0.03, "hunter2")
    drained = recorder.drain()
    await statement_times.add(db, "me", drained)
    await slow_queries.add(db, "me", drained.slow[0])
    (found,) = await slow_queries.newest(db, datetime.now(UTC) - MINUTE, datetime.now(UTC) + MINUTE)
    whole = await opened(db, found)
    await db.close()
    assert whole.plan is not None
    assert whole.plan[0]["Plan"]["Node Type"] == "Result"
    assert whole.plan_missing is None
    assert whole.text == found.statement == "SELECT pg_sleep(%s), %s::text"
    assert found.seconds >= 0.03
    assert (found.parameter_types, found.reused) == ({"1": "float", "2": "str"}, False)
    assert "hunter2" not in str(whole)


async def test_one_without_a_plan_says_why(db: Database) -> None:
    await slow_queries.add(db, "me", slow("VACUUM posts"))
    await slow_queries.add(db, "me", slow("SELECT 1", before=1), with_plan=False)
    first, second = [await opened(db, one) for one in await lately(db)]
    assert (first.plan, first.plan_missing) == (None, plans.UNEXPLAINABLE)
    assert (second.plan, second.plan_missing) == (None, slow_queries.TOO_MANY)


async def test_a_slow_batch_is_explained_by_its_first_row(db: Database) -> None:
    db.recorder.drain()
    db.recorder.slow_seconds = 0
    async with db.transaction() as session:
        await session.execute_each("runs.pause", [{"job": f"job {n}", "paused": True} for n in range(3)])
    db.recorder.slow_seconds = 100
    found = next(one for one in db.recorder.drain().slow if one.text == statements()["runs.pause"])
    plan, missing = await plans.explain(db, found.text, found.params)
    assert missing is None
    assert plan is not None
    assert plan[0]["Plan"]["Node Type"] == "ModifyTable"


async def test_the_newest_come_first_and_a_statement_or_an_asker_can_be_picked(db: Database) -> None:
    for before, text, asker in (
        (1, statements()["runs.controls"], "page jobs"),
        (2, "SELECT   1\n  AS one", "page jobs"),
        (3, statements()["runs.controls"], "job prune"),
        (3 * 86_400, statements()["runs.controls"], "job prune"),
    ):
        if before < 86_400:
            await slow_queries.add(db, "me", slow(text, before=before, asker=asker))
    assert [one.statement for one in await lately(db)] == [
        "runs.controls",
        "SELECT ? AS one",
        "runs.controls",
    ]
    assert [one.asker for one in await lately(db, statement="runs.controls")] == ["page jobs", "job prune"]
    assert len(await lately(db, asker="page jobs")) == 2
    assert len(await lately(db, statement="runs.controls", asker="job prune")) == 1
    assert len(await lately(db, limit=1)) == 1
    assert await slow_queries.newest(db, NOW - MINUTE, NOW - 2 * timedelta(seconds=2)) == []


async def test_a_text_is_shown_as_long_as_it_is_known(db: Database) -> None:
    await slow_queries.add(db, "me", slow(statements()["runs.controls"]))
    (found,) = await lately(db)
    assert (await opened(db, found)).text == "runs.controls"
    costs = Cost()
    costs.count(0.25, 1, True, True)
    texts = {"runs.controls": statements()["runs.controls"]}
    interval = {int(NOW.timestamp()) // 10 * 10: {("runs.controls", "page overview"): costs}}
    await statement_times.add(db, "me", DrainedStatements(interval, texts))
    assert (await opened(db, found)).text == statements()["runs.controls"]
    assert await slow_queries.one(db, NOW - MINUTE, found.id) is None


async def test_a_filter_and_the_list_use_an_index(db: Database) -> None:
    span = {"since": NOW - timedelta(days=1), "until": NOW, "limit": 10}
    for name, more in (
        ("of_statement", {"statement": "a", "asker": None}),
        ("of_asker", {"asker": "a"}),
        ("newest", {}),
    ):
        async with db.transaction() as session:
            for way in (b"seqscan", b"bitmapscan"):
                await session.connection.execute(b"SET LOCAL enable_" + way + b" = off")
            cursor = await session.connection.execute(
                b"EXPLAIN " + statements()[f"slow_queries.{name}"].encode(), span | more
            )
            plan = "\n".join(line for (line,) in await cursor.fetchall())
        assert "Index Scan" in plan, name
        assert "Seq Scan" not in plan


@pytest.fixture
async def found(db: Database) -> Slow:
    """One that took two seconds until now."""
    await slow_queries.add(db, "me", slow("SELECT slow", seconds=2.0, asker="page jobs"))
    (one,) = await lately(db)
    return one


async def test_jobs_that_ran_meanwhile_are_told(db: Database, found: Slow) -> None:
    for job, began, lasted in (
        ("before", 60, 10),
        ("meanwhile", 60, 59),
        ("private", 1, None),
        ("running", 1, None),
    ):
        start = NOW - timedelta(seconds=began)
        run = await runs.start(db, job, "me", start, 0, {}, None)
        if lasted is not None:
            end = start + timedelta(seconds=lasted)
            await runs.finish(db, run, runs.Finish("succeeded", end, lasted, 1, 0, 0, None, None))
    beside = await slow_queries.beside(db, found, but=["private"])
    assert {row["job"] for row in beside.runs} == {"meanwhile", "running"}


async def test_other_slow_ones_that_overlapped_are_told(db: Database, found: Slow) -> None:
    for name, before, seconds in (
        ("over", 3, 0.5),
        ("reaches", -5, 6.0),
        ("within", 1, 0.2),
        ("after", -5, 4.0),
    ):
        await slow_queries.add(db, "me", slow(f"SELECT {name}", before=before, seconds=seconds))
    beside = await slow_queries.beside(db, found)
    assert [one.statement for one in beside.slow] == ["SELECT reaches", "SELECT within"]


async def test_statements_that_ran_in_those_ten_seconds_are_told(db: Database, found: Slow) -> None:
    start = int(NOW.timestamp()) // 10 * 10
    drained = DrainedStatements()
    for statement, at in (("busy", start), ("elsewhere", start + 600)):
        cost = Cost()
        cost.count(0.5, 1, True, False)
        drained.intervals.setdefault(at, {})[statement, "me"] = cost
    await statement_times.add(db, "me", drained)
    beside = await slow_queries.beside(db, found)
    assert [one.statement for one in beside.statements] == ["busy"]
