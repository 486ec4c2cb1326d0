import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from db import runs
from db.database import Database
from jobs import clock as module
from jobs.clock import Clock
from jobs.context import Context
from jobs.job import Job
from jobs.queue import Queue
from jobs.recorder import Recorder
from tests.stored import sql
from tests.waiting import until_found

HOUR = timedelta(hours=1)
Make = Callable[..., Awaitable[Clock]]


@pytest.fixture
def make(context: Context) -> Make:
    """Makes clocks for jobs; what they queue is not worked off."""

    async def made(*jobs: Job) -> Clock:
        known = {job.name: job for job in jobs}
        recorder = Recorder(context.db, context.instance)
        queue = Queue(context, known, recorder)
        await queue.open()
        return Clock(context, known, queue, recorder)

    return made


async def nothing(_: Context) -> int:
    return 0


def own(run: Callable[..., Any] = nothing, every: timedelta = HOUR) -> Job:
    return Job("look", "look around", every, run, shared=False)


def shared(every: timedelta = HOUR) -> Job:
    return Job("brew", "brew tea", every, nothing)


async def rows(db: Database) -> list[tuple[str, str]]:
    return [(row["job"], row["outcome"]) for row in await runs.recent(db)]


async def test_soon_after_the_start_each_job_is_asked_for(
    make: Make, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_START", timedelta(0))
    clock = await make(own())
    clock.start()
    assert clock.running
    await until_found(lambda: rows(db))
    clock.stop()
    await until_found(lambda: stopped(clock))
    await until_found(lambda: all_ended(db))
    assert await rows(db) == [("look", "succeeded")]


async def stopped(clock: Clock) -> bool:
    return not clock.running


async def all_ended(db: Database) -> bool:
    return "running" not in {outcome for _, outcome in await rows(db)}


async def test_a_start_while_the_one_before_still_runs_is_recorded_as_skipped(
    make: Make, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_START", timedelta(0))
    gate, at_once, most = asyncio.Event(), 0, 0

    async def wait(_: Context) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await gate.wait()
        at_once -= 1

    clock = await make(own(wait, timedelta(seconds=0.02)))
    clock.start()
    await until_found(lambda: runs.recent(db, outcome="skipped"))
    clock._scheduler.pause()
    gate.set()
    await until_found(lambda: all_ended(db))
    clock.stop()
    await until_found(lambda: stopped(clock))
    skipped = await runs.recent(db, outcome="skipped")
    assert {(row["job"], row["error"]) for row in skipped} == {("look", "the run before was still at it")}
    assert most == 1


async def test_a_start_that_the_clock_was_too_late_for_is_recorded_as_missed(
    make: Make, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_START", -module.MISFIRE_GRACE - timedelta(seconds=5))
    clock = await make(own())
    clock.start()
    await until_found(lambda: rows(db))
    clock.stop()
    await until_found(lambda: stopped(clock))
    (row,) = await runs.recent(db)
    assert (row["job"], row["outcome"]) == ("look", "missed")
    assert row["error"] == "the clock was held up for too long"


async def test_a_start_a_little_late_still_happens(
    make: Make, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_START", -module.MISFIRE_GRACE + timedelta(seconds=10))
    clock = await make(own())
    clock.start()
    await until_found(lambda: rows(db))
    await until_found(lambda: all_ended(db))
    clock.stop()
    await until_found(lambda: stopped(clock))
    assert await rows(db) == [("look", "succeeded")]


async def test_a_paused_job_of_this_process_does_not_run(make: Make, db: Database) -> None:
    clock = await make(job := own())
    await runs.pause(db, "look", True)
    await clock._tick(job)
    assert await rows(db) == []
    await runs.pause(db, "look", False)
    await clock._tick(job)
    assert await rows(db) == [("look", "succeeded")]


async def test_a_paused_shared_job_is_not_queued(make: Make, db: Database) -> None:
    clock = await make(job := shared())
    await runs.pause(db, "brew", True)
    await clock._tick(job)
    assert await queued(db) == []
    await runs.pause(db, "brew", False)
    await clock._tick(job)
    assert await queued(db) == [("brew",)]


async def queued(db: Database) -> list[tuple[Any, ...]]:
    return await sql(db, "SELECT task_name FROM procrastinate_jobs")


async def test_of_several_clocks_one_queues_a_shared_job_per_interval(make: Make, db: Database) -> None:
    job = shared()
    several = [await make(job) for _ in range(3)]
    await asyncio.gather(*(clock._tick(job) for clock in several))
    await sql(db, "UPDATE procrastinate_jobs SET queueing_lock = NULL")  # as if a worker had taken it
    await asyncio.gather(*(clock._tick(job) for clock in several))
    assert await queued(db) == [("brew",)]


async def test_a_job_that_fails_does_not_stop_the_clock(make: Make, db: Database) -> None:
    async def fail(_: Context) -> None:
        raise ValueError("no")

    clock = await make(job := own(fail))
    await clock._tick(job)
    await clock._tick(job)
    assert await rows(db) == [("look", "failed")] * 2


async def test_an_outage_does_not_stop_the_clock(
    make: Make, db: Database, going_away: Callable[[bool], None]
) -> None:
    going_away(True)
    clock = await make(job := own())
    await clock._tick(job)
    going_away(False)
    queueing_clock = await make(other := shared())
    going_away(True)
    await queueing_clock._tick(other)
    going_away(False)
    assert await rows(db) == await queued(db) == []


async def test_a_weekly_job_is_asked_for_each_hour_so_that_restarts_do_not_put_it_off(
    make: Make, db: Database
) -> None:
    weekly, each_second = shared(timedelta(days=7)), own(every=timedelta(seconds=1))
    clock = await make(weekly, each_second)
    clock.start()
    every = {job.id: job.trigger.interval for job in clock._scheduler.get_jobs()}
    clock.stop()
    assert every == {"brew": HOUR, "look": timedelta(seconds=1)}
