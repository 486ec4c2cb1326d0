from datetime import UTC, datetime, timedelta
from typing import Any

from db import instances, runs
from db.database import Database
from tests.stored import sql


def finish(**overrides: Any) -> runs.Finish:
    fields: dict[str, Any] = {
        "outcome": "succeeded",
        "finished_at": datetime.now(UTC),
        "wall_seconds": 1.5,
        "cpu_seconds": 0.25,
        "memory_peak": 300,
        "memory_after": 200,
        "items": 7,
        "error": None,
    }
    return runs.Finish(**(fields | overrides))


async def begin(db: Database, job: str = "prune", instance: str = "me", queue_id: int | None = None) -> int:
    return await runs.start(db, job, instance, datetime.now(UTC), 100, {"names": ["a"]}, queue_id)


async def outcomes(db: Database) -> list[tuple[Any, ...]]:
    return await sql(db, "SELECT instance, outcome FROM job_runs ORDER BY id")


async def test_a_run_is_running_until_it_is_finished(db: Database) -> None:
    number = await begin(db)
    (row,) = await runs.recent(db)
    assert (row["outcome"], row["memory_before"], row["arguments"]) == ("running", 100, {"names": ["a"]})
    assert row["finished_at"] is None
    how = finish(outcome="failed", error="ValueError: no")
    await runs.finish(db, number, how)
    (row,) = await runs.recent(db)
    for name in ("outcome", "finished_at", "wall_seconds", "cpu_seconds", "memory_peak", "items", "error"):
        assert row[name] == getattr(how, name), name


async def test_the_newest_come_first_and_can_be_narrowed(db: Database) -> None:
    for job in ("prune", "recover", "prune"):
        await runs.finish(db, await begin(db, job), finish())
    await runs.note_absent(db, "recover", "me", "missed", datetime.now(UTC), "the clock was held up")
    assert [row["job"] for row in await runs.recent(db)] == ["recover", "prune", "recover", "prune"]
    assert len(await runs.recent(db, job="prune")) == 2
    (missed,) = await runs.recent(db, outcome="missed")
    assert missed["error"] == "the clock was held up"
    assert missed["started_at"] == missed["finished_at"]
    assert len(await runs.recent(db, limit=1)) == 1


async def test_runs_of_processes_that_are_gone_are_lost(db: Database) -> None:
    for instance in ("me", "alive", "left", "silent", "dead", "never joined"):
        if instance != "never joined":
            await instances.join(db, instance, "worker")
        await begin(db, instance=instance, queue_id=5)
    await instances.leave(db, "left")
    await sql(db, "UPDATE instances SET seen_at = now() - interval '1 minute' WHERE id IN ('silent', 'me')")
    lost = await runs.mark_lost(db, "me", ["dead"])
    assert {row["job"] for row in lost} == {"prune"}
    assert dict(await outcomes(db)) == {
        "me": "running",
        "alive": "running",
        "left": "lost",
        "silent": "lost",
        "dead": "lost",
        "never joined": "lost",
    }
    assert await runs.mark_lost(db, "me", ["dead"]) == []


async def test_a_run_marked_lost_stays_lost_when_its_process_wakes_up(db: Database) -> None:
    number = await begin(db, instance="silent")
    await runs.mark_lost(db, "me", [])
    await runs.finish(db, number, finish())
    assert await outcomes(db) == [("silent", "lost")]


async def test_a_batch_that_another_run_has_taken_up_is_not_put_back_again(db: Database) -> None:
    await instances.join(db, "alive", "worker")
    for number, instance in ((1, "silent"), (2, "silent"), (1, "alive")):
        await begin(db, instance=instance, queue_id=number)
    lost = await runs.mark_lost(db, "me", [])
    assert sorted(row["queue_id"] or 0 for row in lost) == [0, 2]


async def test_a_start_is_granted_once_per_interval_and_never_while_paused(db: Database) -> None:
    every = timedelta(minutes=10)
    assert [await runs.may_start(db, "prune", every) for _ in range(2)] == [True, False]
    assert await runs.may_start(db, "recover", every)
    await sql(db, "UPDATE job_controls SET ticked_at = now() - interval '9 min 30 s'")
    assert await runs.may_start(db, "prune", every), "clocks drift by a little"
    await sql(db, "UPDATE job_controls SET ticked_at = now() - interval '1 hour'")
    await runs.pause(db, "prune", True)
    assert await runs.is_paused(db, "prune")
    assert not await runs.may_start(db, "prune", every)
    await runs.pause(db, "prune", False)
    assert await runs.may_start(db, "prune", every)
