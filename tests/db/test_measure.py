from typing import Any

import numpy as np
import psycopg
import pytest

from db import histogram, measure, runs
from db.attribution import ask_as, asked_by, asker
from db.database import Database
from db.measure import OTHER, QueryRecorder
from db.statement_costs import MICROSECONDS, REUSES, ROWS, SLOW, UNREUSED, Cost, parameter_types
from tests.stored import sql


class Clock:
    now = 1_793_534_400.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def counting(clock: Clock) -> QueryRecorder:
    return QueryRecorder(slow_query_ms=100, clock=clock)


async def test_a_statement_is_counted_under_whoever_asked(db: Database, recorder: QueryRecorder) -> None:
    recorder.drain()
    with asked_by("page jobs"):
        await db.rows("runs.controls")
        await db.rows("runs.controls")
    with asked_by("job prune"):
        await db.rows("runs.controls")
    costs = recorder.drain().together
    assert {key: cost.calls for key, cost in costs.items()} == {
        ("runs.controls", "page jobs"): 2,
        ("runs.controls", "job prune"): 1,
    }


async def test_rows_and_seconds_add_up(db: Database, recorder: QueryRecorder) -> None:
    for name in ("one", "two"):
        await runs.pause(db, name, True)
    recorder.drain()
    await db.rows("runs.controls")
    await db.rows("runs.controls")
    (cost,) = recorder.drain().together.values()
    assert cost[ROWS] == 4
    assert cost[MICROSECONDS] > 0
    assert sum(times for bucket, times in cost.items() if bucket < histogram.BUCKETS) == 2


def test_durations_fall_into_the_buckets_of_the_histogram(counting: QueryRecorder) -> None:
    durations = np.random.default_rng(5).lognormal(-6, 1, 200)
    for seconds in durations:
        counting.add("SELECT 1", float(seconds), 1)
    (cost,) = counting.drain().together.values()
    counts = histogram.counts_of(durations)
    assert {bucket: times for bucket, times in cost.items() if bucket < histogram.BUCKETS} == {
        int(bucket): int(counts[bucket]) for bucket in np.flatnonzero(counts)
    }
    assert cost[MICROSECONDS] / 1e6 == pytest.approx(durations.sum(), abs=1e-4)


def test_an_execution_counts_in_the_ten_seconds_in_which_it_ended(
    counting: QueryRecorder, clock: Clock
) -> None:
    for seconds in (9.9, 10.0, 31.0):
        clock.now = 1_793_534_400 + seconds
        counting.add("SELECT 1", 0.1, 1)
    found = counting.drain().intervals
    assert [start - 1_793_534_400 for start in sorted(found)] == [0, 10, 30]


async def test_a_failing_statement_is_counted_too(db: Database, recorder: QueryRecorder) -> None:
    recorder.drain()
    with pytest.raises(Exception, match="division by zero"):
        await sql(db, "SELECT 1 / 0")
    assert recorder.drain().together["SELECT ? / ?", "subpulse"].calls == 1


async def test_a_batch_is_one_execution(db: Database, recorder: QueryRecorder) -> None:
    recorder.drain()
    async with db.transaction() as session:
        await session.execute_each("runs.pause", [{"job": f"job {n}", "paused": True} for n in range(3)])
    assert recorder.drain().together["runs.pause", "subpulse"].calls == 1


async def test_a_copy_is_counted_and_never_slow(db: Database, recorder: QueryRecorder) -> None:
    recorder.drain()
    recorder.slow_seconds = 0
    async with db.transaction() as session:
        await session.copy("job_controls", ("job", "paused"), [("one", True), ("two", False)])
    drained = recorder.drain()
    name = 'COPY "job_controls" ("job", "paused") FROM STDIN'
    cost = drained.together[name, "subpulse"]
    assert (cost.calls, cost[ROWS], cost.get(SLOW)) == (1, 2, None)
    assert name not in {slow.text.strip() for slow in drained.slow}


async def test_what_reuses_a_prepared_statement_is_told_from_what_does_not(
    db: Database, recorder: QueryRecorder
) -> None:
    recorder.drain()
    async with db.transaction() as session:
        for _ in range(5):
            await session.rows("runs.controls")
    cost = recorder.drain().together["runs.controls", "subpulse"]
    assert (cost[UNREUSED], cost[REUSES]) == (3, 2), "two as they are, the third is prepared"
    assert (recorder.reuses, recorder.unreused) >= (2, 3)


async def test_where_psycopg_does_not_say_it_is_not_known(
    db: Database, recorder: QueryRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "REUSED", None)
    recorder.drain()
    await db.rows("runs.controls")
    cost = recorder.drain().together["runs.controls", "subpulse"]
    assert not {REUSES, UNREUSED} & set(cost)


def test_the_pinned_psycopg_says_it() -> None:
    assert measure.REUSED is not None
    assert hasattr(psycopg.AsyncCursor, "_get_prepared")


async def test_draining_forgets(db: Database, recorder: QueryRecorder) -> None:
    await db.rows("runs.controls")
    recorder.drain()
    drained = recorder.drain()
    assert not drained
    assert drained.slow == []


async def test_only_what_reaches_the_threshold_is_slow(database_url: str) -> None:
    recorder = QueryRecorder(slow_query_ms=20)
    db = Database(database_url, "subpulse_sandbox", recorder, pool_size=4)
    await db.open()
    recorder.drain()
    with asked_by("page overview"):
        await sql(db, "SELECT pg_sleep(%s)", 0.001)
        await sql(db, "SELECT pg_sleep(%s)", 0.03)
    await db.close()
    drained = recorder.drain()
    (slow,) = drained.slow
    assert (slow.text, slow.asker, slow.params) == ("SELECT pg_sleep(%s)", "page overview", (0.03,))
    assert slow.seconds >= 0.03
    assert drained.together["SELECT pg_sleep(%s)", "page overview"][SLOW] == 1
    assert recorder.slow_seen == 1, "draining does not reset what the pulse counts"


def test_of_a_statements_slow_executions_in_ten_seconds_the_slowest_is_kept(
    counting: QueryRecorder, clock: Clock
) -> None:
    for number, seconds in enumerate((0.2, 0.9, 0.3, 0.4)):
        clock.now = 1_793_534_400 + 3.3 * number
        counting.add("SELECT %s", seconds, 1, (seconds,))
    counting.add("SELECT  %s", 0.5, 1)
    with asked_by("job prune"):
        counting.add("SELECT %s", 0.25, 1)
    drained = counting.drain()
    assert [slow.seconds for slow in drained.slow] == [0.9, 0.25]
    assert sum(cost.get(SLOW, 0) for cost in drained.together.values()) == 6 == counting.slow_seen


def test_types_of_parameters_are_told_and_their_values_never() -> None:
    told = parameter_types({"name": "hunter2", "limit": 5, "none": None, "names": ["secret"]})
    assert told == {"name": "str", "limit": "int", "none": "NoneType", "names": "list"}
    assert parameter_types(("hunter2", 1.5)) == {"1": "str", "2": "float"}
    assert parameter_types(None) == {}


def test_memory_is_bounded_however_many_statements_there_are(
    counting: QueryRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "STATEMENTS_KEPT", 10)
    for number in range(1000):
        counting.add(f"SELECT a{number}", 1, 1)
    drained = counting.drain()
    assert len(drained.together) == 11
    assert drained.together[OTHER, "subpulse"].calls == 990
    assert len(drained.slow) == measure.SLOW_KEPT
    assert drained.slow[-1].text == "SELECT a999", "the newest are kept"


def test_memory_is_bounded_however_long_nothing_can_be_stored(
    counting: QueryRecorder, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "COSTS_KEPT", 20)
    for _ in range(100):
        clock.now += 10
        for name in ("a", "b", "c"):
            counting.add(f"SELECT {name}", 0.01, 1)
        counting.put_back(counting.drain())
    drained = counting.drain()
    assert sum(map(len, drained.intervals.values())) <= 20
    assert drained.calls == 300
    assert set(drained.texts) == {"SELECT a", "SELECT b", "SELECT c"}


def test_memory_is_bounded_however_often_a_statement_runs(counting: QueryRecorder) -> None:
    for _ in range(3 * measure.FOLD_AT):
        counting.add("SELECT 1", 0.001, 1)
        assert len(counting._noted) < measure.FOLD_AT
    assert counting.drain().calls == 3 * measure.FOLD_AT


def test_costs_add_up() -> None:
    costs: list[Any] = [Cost(), Cost()]
    for cost in costs:
        cost.count(0.01, 2, True, False)
        cost.count(0.01, 0, None, True)
    both = costs[0] + costs[1]
    assert both == {bucket: 2 * times for bucket, times in costs[0].items()}
    assert costs[0].calls == 2, "neither is changed"


async def test_the_asker_is_a_matter_of_the_task() -> None:
    assert asker() == "subpulse"
    with asked_by("job prune"):
        assert asker() == "job prune"
        ask_as("GET /api/stats")
        assert asker() == "GET /api/stats"
    assert asker() == "subpulse"
