import asyncio
from collections.abc import Callable
from datetime import timedelta
from itertools import chain, repeat
from typing import Any

import pytest

from db import runs
from db.database import Database
from db.errors import DatabaseDown
from jobs.context import Context
from jobs.job import Job
from jobs.metering import PeakMemory
from jobs.recorder import Recorder
from tests.stored import sql

GoingAway = Callable[[bool], None]


@pytest.fixture
def recording(db: Database) -> Recorder:
    return Recorder(db, "me", PeakMemory(lambda: 100, every=60))


def job(run: Callable[..., Any], name: str = "brew") -> Job:
    return Job(name, "brew tea", timedelta(minutes=1), run)


async def brew(_: Context, cups: int = 3) -> int:
    return cups


async def test_a_run_that_succeeds_is_recorded_with_its_figures(
    db: Database, context: Context, recording: Recorder
) -> None:
    record = await recording.record(job(brew), context, {"cups": 5}, queue_id=9)
    (row,) = await runs.recent(db)
    assert (row["id"], row["job"], row["instance"]) == (record.run_id, "brew", "me")
    assert (row["outcome"], row["items"], row["error"]) == ("succeeded", 5, None)
    assert row["arguments"] == {"cups": 5}
    assert row["wall_seconds"] >= 0
    assert row["cpu_seconds"] >= 0
    assert (row["memory_before"], row["memory_peak"], row["memory_after"]) == (100, 100, 100)
    assert row["finished_at"] >= row["started_at"]
    assert await sql(db, "SELECT queue_id FROM job_runs") == [(9,)]


async def test_while_it_lasts_it_is_running(db: Database, context: Context, recording: Recorder) -> None:
    async def look(_: Context) -> None:
        (row,) = await runs.recent(db)
        assert (row["outcome"], row["finished_at"]) == ("running", None)

    await recording.record(job(look), context)
    (row,) = await runs.recent(db)
    assert (row["outcome"], row["items"]) == ("succeeded", None)


async def test_a_run_that_fails_is_recorded_on_one_line_and_raises_its_error(
    db: Database, context: Context, recording: Recorder
) -> None:
    async def spill(_: Context) -> None:
        raise ValueError("the pot\n  broke\n" + "!" * 5000)

    with pytest.raises(ValueError, match="the pot"):
        await recording.record(job(spill), context)
    (row,) = await runs.recent(db)
    assert row["outcome"] == "failed"
    assert row["error"].startswith("ValueError: the pot broke !!!")
    assert len(row["error"]) == 1000


async def test_a_cancelled_run_is_lost(db: Database, context: Context, recording: Recorder) -> None:
    started = asyncio.Event()

    async def wait(_: Context) -> None:
        started.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(recording.record(job(wait), context))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (row,) = await runs.recent(db)
    assert (row["outcome"], row["error"]) == ("lost", "the process was stopped before it was done")


async def test_the_peak_while_it_lasted_is_recorded(db: Database, context: Context) -> None:
    readings = chain([100], repeat(900))  # the watching thread outlives the test
    recording = Recorder(db, "me", PeakMemory(lambda: next(readings), every=60))
    await recording.record(job(brew), context)
    (row,) = await runs.recent(db)
    assert (row["memory_before"], row["memory_peak"], row["memory_after"]) == (100, 900, 900)


async def test_what_it_asks_of_postgresql_is_asked_in_its_name(
    db: Database, context: Context, recording: Recorder
) -> None:
    async def ask(_: Context) -> None:
        await runs.is_paused(db, "brew")

    db.recorder.drain()
    await recording.record(job(ask), context)
    costs = db.recorder.drain().together
    assert {asker for _, asker in costs} == {"job brew"}


async def test_a_run_whose_start_cannot_be_recorded_does_not_happen(
    db: Database, context: Context, recording: Recorder, going_away: GoingAway
) -> None:
    ran: list[None] = []

    async def note(_: Context) -> None:
        ran.append(None)

    going_away(True)
    with pytest.raises(DatabaseDown):
        await recording.record(job(note), context)
    assert ran == []
    going_away(False)
    assert await runs.recent(db) == []


async def test_ends_during_an_outage_are_written_once_it_is_over(
    db: Database, context: Context, recording: Recorder, going_away: GoingAway
) -> None:
    both, gate = asyncio.Barrier(3), asyncio.Event()

    async def outlast(_: Context, items: int) -> int:
        await both.wait()
        await gate.wait()
        return items

    async with asyncio.TaskGroup() as group:
        for items in (1, 2):
            group.create_task(recording.record(job(outlast), context, {"items": items}))
        await both.wait()
        going_away(True)
        gate.set()
    going_away(False)
    assert {(row["outcome"], row["items"]) for row in await runs.recent(db)} == {("running", None)}
    await recording.write_pending()
    rows = await runs.recent(db)
    assert {(row["outcome"], row["items"]) for row in rows} == {("succeeded", 1), ("succeeded", 2)}


async def test_the_next_run_writes_the_ends_that_wait(
    db: Database, context: Context, recording: Recorder, going_away: GoingAway
) -> None:
    async def outlast(_: Context) -> int:
        going_away(True)
        return 1

    await recording.record(job(outlast), context)
    going_away(False)
    await recording.record(job(brew), context)
    assert {row["outcome"] for row in await runs.recent(db)} == {"succeeded"}


async def test_a_start_that_did_not_happen_is_recorded_and_an_outage_does_not_matter(
    db: Database, recording: Recorder, going_away: GoingAway
) -> None:
    await recording.note_absent("brew", "missed", "the clock was held up")
    going_away(True)
    await recording.note_absent("brew", "skipped", "busy")
    going_away(False)
    (row,) = await runs.recent(db)
    assert (row["outcome"], row["error"]) == ("missed", "the clock was held up")


async def test_runs_at_once_do_not_mix(db: Database, context: Context, recording: Recorder) -> None:
    gate = asyncio.Event()

    async def wait(_: Context, items: int) -> int:
        await gate.wait()
        if items == 3:
            raise ValueError("three")
        return items

    runs_ = [asyncio.create_task(recording.record(job(wait), context, {"items": n})) for n in range(5)]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(*runs_, return_exceptions=True)
    rows = {row["arguments"]["items"]: (row["outcome"], row["items"]) for row in await runs.recent(db)}
    assert rows == {n: ("succeeded", n) for n in (0, 1, 2, 4)} | {3: ("failed", None)}
