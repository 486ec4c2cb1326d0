"""The cheap figures of one second, and what measuring itself costs while jobs run."""

from dataclasses import replace

import pytest

from collectors.process import ProcessSampler
from db import histogram, runs
from db.database import Database
from db.pool import PoolState, PoolUse
from db.series import SERIES
from jobs.context import Context
from jobs.runtime import Runtime, ticking
from jobs.sampling import Sampling
from tests.stored import sql
from tests.waiting import until, until_found

POOL = PoolState(size=4, in_use=3, waiting=2, limit=4)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_first_second_tells_no_rates_and_no_zeros_instead() -> None:
    found = Sampling().second(ProcessSampler(None).sample(), POOL)
    assert set(found) <= set(SERIES)
    assert found["cpu"] is found["system_cpu"] is None
    assert not {"gc_0", "loop_lag_mean"} & set(found)
    assert (found["pool_size"], found["pool_in_use"], found["pool_waiting"]) == (4, 3, 2)


def test_garbage_collections_are_told_per_second_and_generation() -> None:
    clock = Clock()
    sampling, process = Sampling(clock), ProcessSampler(None).sample()
    sampling.second(replace(process, gc_runs=(100, 10, 1)), POOL)
    clock.now = 2.0
    found = sampling.second(replace(process, gc_runs=(107, 10, 2)), POOL)
    assert (found["gc_0"], found["gc_1"], found["gc_2"]) == (3.5, 0, 0.5)


def used(handed_out: int, waits: list[float], executions: int, reuses: int) -> PoolState:
    use = PoolUse(handed_out, 2, histogram.counts_of(waits), 120.0, 61.234)
    return replace(POOL, use=use, executions=executions, reuses=reuses)


def test_the_pool_tells_of_the_last_ten_seconds() -> None:
    clock = Clock()
    sampling, process = Sampling(clock), ProcessSampler(None).sample()
    for second in range(15):
        clock.now = float(second)
        waits = [9.0] * min(second, 3) + [0.002] * second
        found = sampling.second(process, used(10 * second, waits, 100 * second, 75 * second))
    assert found["pool_wait"] == pytest.approx(2, rel=0.0101), "the long waits were before"
    assert found["prepared_reuse"] == 75
    assert (found["pool_reuse"], found["pool_oldest"], found["pool_age"]) == (70, 120, 61.23)
    assert set(found) <= set(SERIES)


def test_a_worker_that_reads_the_pool_every_ten_seconds_tells_of_these() -> None:
    clock = Clock()
    sampling, process = Sampling(clock), ProcessSampler(None).sample()
    for ten in range(3):
        clock.now = 10.0 * ten
        waits = [0.5] * min(ten, 1) + [0.004] * ten
        found = sampling.second(process, used(0, waits, 20 * ten, 5 * ten * ten))
        if not ten:
            assert (found["pool_wait"], found["prepared_reuse"]) == (None, None), "nothing to compare with"
    assert found["pool_wait"] == pytest.approx(4, rel=0.0101)
    assert found["prepared_reuse"] == 75


async def test_a_ticking_process_knows_how_late_its_loop_wakes(runtime: Runtime) -> None:
    context = runtime.context
    async with ticking(runtime):
        await until(lambda: "loop_lag_max" in context.sampling.second(context.process.read(), POOL))


async def test_jobs_that_measure_count_as_watching_and_others_do_not(runtime: Runtime) -> None:
    context, clock = runtime.context, Clock()
    clock.now = 1e12
    for name in ("flush_telemetry", "sample_process", "prune"):
        await runtime.recorder.record(runtime.jobs[name], context)
    context.watching._clock = clock
    found = context.watching.take()
    assert (found["watching_flushing"] or 0) > 0
    assert (found["watching_rolling_up"], found["watching_alerts"]) == (0, 0)


async def test_requests_statements_and_frames_are_timed_where_they_are_noted(
    context: Context, db: Database
) -> None:
    clock = Clock()
    clock.now = 1e12
    for _ in range(100):
        context.requests.add("/api/stats", "GET", 200, 0.1)
        await runs.is_paused(db, "prune")
    context.pulse.tick()
    assert context.requests.second().requests == 100
    context.watching._clock = clock
    found = context.watching.take()
    for part in ("requests", "statements", "frames", "folding"):
        assert (found[f"watching_{part}"] or 0) > 0, part


async def test_what_watching_costs_is_stored_with_the_samples(
    runtime: Runtime, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    clock.now = 1e12
    monkeypatch.setattr(runtime.context.watching, "_clock", clock)

    async def stored() -> object:
        return await sql(db, "SELECT 1 FROM samples_live WHERE readings ? 'watching_sampling'")

    await runtime.recorder.record(runtime.jobs["sample_process"], runtime.context)
    await until_found(stored)
