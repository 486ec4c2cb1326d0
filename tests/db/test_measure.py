import numpy as np
import pytest

from db import histogram, measure, runs
from db.attribution import ask_as, asked_by, asker
from db.database import Database
from db.measure import OTHER, QueryRecorder, QueryStats, parameter_types
from db.statements import statements
from tests.stored import sql


async def test_a_statement_is_counted_under_whoever_asked(db: Database, recorder: QueryRecorder) -> None:
    recorder.drain()
    with asked_by("page jobs"):
        await db.rows("runs.controls")
        await db.rows("runs.controls")
    with asked_by("job prune"):
        await db.rows("runs.controls")
    stats, _ = recorder.drain()
    text = statements()["runs.controls"]
    assert {key: counted.calls for key, counted in stats.items()} == {
        (text, "page jobs"): 2,
        (text, "job prune"): 1,
    }


async def test_rows_and_seconds_add_up(db: Database, recorder: QueryRecorder) -> None:
    for name in ("one", "two"):
        await runs.pause(db, name, True)
    recorder.drain()
    await db.rows("runs.controls")
    await db.rows("runs.controls")
    ((counted,), _) = recorder.drain()[0].values(), None
    assert counted.rows == 4
    assert 0 < counted.max_seconds <= counted.total_seconds
    assert counted.counts().sum() == 2


async def test_a_failing_statement_is_counted_too(db: Database, recorder: QueryRecorder) -> None:
    recorder.drain()
    with pytest.raises(Exception, match="division by zero"):
        await sql(db, "SELECT 1 / 0")
    assert recorder.drain()[0]["SELECT 1 / 0", "subpulse"].calls == 1


async def test_a_batch_is_one_execution(db: Database, recorder: QueryRecorder) -> None:
    recorder.drain()
    async with db.transaction() as session:
        await session.execute_each("runs.pause", [{"job": f"job {n}", "paused": True} for n in range(3)])
    stats, _ = recorder.drain()
    assert stats[statements()["runs.pause"], "subpulse"].calls == 1


async def test_draining_forgets(db: Database, recorder: QueryRecorder) -> None:
    await db.rows("runs.controls")
    recorder.drain()
    assert recorder.drain() == ({}, [])


async def test_only_what_reaches_the_threshold_is_slow(database_url: str) -> None:
    recorder = QueryRecorder(slow_query_ms=20)
    db = Database(database_url, "subpulse_sandbox", recorder, pool_size=4)
    await db.open()
    recorder.drain()
    with asked_by("page overview"):
        await sql(db, "SELECT pg_sleep(%s)", 0.001)
        await sql(db, "SELECT pg_sleep(%s)", 0.03)
    await db.close()
    _, (slow,) = recorder.drain()
    assert (slow.text, slow.asker, slow.params) == ("SELECT pg_sleep(%s)", "page overview", (0.03,))
    assert slow.seconds >= 0.03
    assert recorder.slow_seen == 1, "draining does not reset what the pulse counts"


def test_types_of_parameters_are_told_and_their_values_never() -> None:
    told = parameter_types({"name": "hunter2", "limit": 5, "none": None, "names": ["secret"]})
    assert told == {"name": "str", "limit": "int", "none": "NoneType", "names": "list"}
    assert parameter_types(("hunter2", 1.5)) == {"1": "str", "2": "float"}
    assert parameter_types(None) == {}


def test_memory_is_bounded_however_many_statements_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "STATEMENTS_KEPT", 10)
    recorder = QueryRecorder(slow_query_ms=0)
    for number in range(1000):
        recorder.add(f"SELECT {number}", 0.001, 1, None)
    stats, slow = recorder.drain()
    assert len(stats) == 11
    assert stats[OTHER, "subpulse"].calls == 990
    assert len(slow) == measure.SLOW_KEPT
    assert slow[-1].text == "SELECT 999", "the newest are kept"


def test_memory_is_bounded_however_often_a_statement_runs() -> None:
    stats, durations = QueryStats(), np.linspace(0.001, 1, 5 * measure.DURATIONS_KEPT + 3)
    for seconds in durations:
        stats.add(float(seconds), 1)
        assert len(stats._durations) < measure.DURATIONS_KEPT
    assert (stats.counts() == histogram.counts_of(durations)).all()
    assert stats.calls == len(durations)


async def test_the_asker_is_a_matter_of_the_task() -> None:
    assert asker() == "subpulse"
    with asked_by("job prune"):
        assert asker() == "job prune"
        ask_as("GET /api/stats")
        assert asker() == "GET /api/stats"
    assert asker() == "subpulse"
