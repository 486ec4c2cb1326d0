import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from db import alerts, instances, runs
from db.alerts import Change
from db.database import Database
from jobs import recover
from jobs.context import Context
from jobs.runtime import Runtime
from tests.stored import sql


@pytest.fixture
def ended_pid() -> int:
    """The id of a process that was there."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        return process.pid


@pytest.fixture
async def dead(db: Database, ended_pid: int) -> str:
    """A process of this machine that ended without a word."""
    await instances.join(db, "dead", "worker")
    await sql(db, "UPDATE instances SET pid = %s WHERE id = 'dead'", ended_pid)
    return "dead"


async def at_work(db: Database, runtime: Runtime, instance: str, heartbeat: str | None = "now") -> int:
    """`instance` is at a queued start of `prune`; its worker's last heartbeat, or None when it has none."""
    await runtime.queue.start(runtime.jobs["prune"])
    worker = None
    if heartbeat is not None:
        ((worker,),) = await sql(
            db, "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (%s) RETURNING id", heartbeat
        )
    ((entry,),) = await sql(
        db,
        "UPDATE procrastinate_jobs SET status = 'doing', queueing_lock = NULL, worker_id = %s "
        "WHERE status = 'todo' RETURNING id",
        worker,
    )
    await runs.start(db, "prune", instance, datetime.now(UTC), 100, {}, entry)
    return int(entry)


async def entries(db: Database) -> dict[int, str]:
    return dict(await sql(db, "SELECT id, status::text FROM procrastinate_jobs"))


async def outcomes(db: Database) -> list[tuple[Any, ...]]:
    return await sql(db, "SELECT instance, outcome FROM job_runs ORDER BY id")


async def test_the_run_of_a_dead_process_is_lost_and_its_batch_is_done_again(
    db: Database, runtime: Runtime, dead: str
) -> None:
    entry = await at_work(db, runtime, dead)
    assert await recover.run(runtime.context) == 2
    assert await outcomes(db) == [("dead", "lost")]
    assert await entries(db) == {entry: "todo"}
    assert await recover.run(runtime.context) == 0
    assert await sql(db, "SELECT stopped_at IS NOT NULL FROM instances WHERE id = 'dead'") == [(True,)]


async def test_that_another_start_waits_already_is_no_hindrance(
    db: Database, runtime: Runtime, dead: str
) -> None:
    entry = await at_work(db, runtime, dead)
    await runtime.queue.start(runtime.jobs["prune"])
    await recover.run(runtime.context)
    assert (await entries(db))[entry] == "todo"
    assert len(await entries(db)) == 2


async def test_work_of_the_living_is_left_to_them(db: Database, runtime: Runtime) -> None:
    await instances.join(db, "elsewhere", "worker")
    await sql(db, "UPDATE instances SET hostname = 'another' WHERE id = 'elsewhere'")
    mine = await at_work(db, runtime, runtime.context.instance)
    theirs = await at_work(db, runtime, "elsewhere")
    assert await recover.run(runtime.context) == 0
    assert await entries(db) == {mine: "doing", theirs: "doing"}
    assert {outcome for _, outcome in await outcomes(db)} == {"running"}


@pytest.mark.parametrize("heartbeat", ["2001-01-01", None])
async def test_a_batch_whose_worker_is_silent_or_gone_is_done_again(
    db: Database, runtime: Runtime, heartbeat: str | None
) -> None:
    entry = await at_work(db, runtime, runtime.context.instance, heartbeat)
    assert await recover.run(runtime.context) == 1
    assert await entries(db) == {entry: "todo"}


async def test_a_batch_that_a_living_worker_took_up_is_not_given_to_a_third(
    db: Database, runtime: Runtime
) -> None:
    """The worker fell silent first, then its process: the batch was put back in between."""
    await instances.join(db, "elsewhere", "worker")
    await sql(db, "UPDATE instances SET hostname = 'another' WHERE id = 'elsewhere'")
    entry = await at_work(db, runtime, "elsewhere", "2001-01-01")
    await recover.run(runtime.context)
    await sql(
        db,
        "WITH alive AS (INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now()) RETURNING id) "
        "UPDATE procrastinate_jobs SET status = 'doing', worker_id = alive.id FROM alive",
    )
    await runs.start(db, "prune", runtime.context.instance, datetime.now(UTC), 100, {}, entry)
    await sql(db, "UPDATE instances SET seen_at = now() - interval '1 minute' WHERE id = 'elsewhere'")
    assert await recover.run(runtime.context) == 1, "the run is lost, the batch is not"
    assert await entries(db) == {entry: "doing"}


async def test_alerts_of_dead_processes_are_over(db: Database, context: Context, dead: str) -> None:
    await alerts.state(db, "memory", dead)
    await alerts.change(db, Change("memory", dead, "ok", "firing", 90, 80, "Memory at 90 %"))
    await recover.run(context)
    assert await alerts.firing(db) == []


async def test_a_start_killed_before_it_gave_back_its_lock_does_not_stand_in_the_way_of_the_next(
    db: Database, runtime: Runtime, dead: str
) -> None:
    entry = await at_work(db, runtime, dead)
    await runtime.queue.start(runtime.jobs["prune"])
    await sql(db, "UPDATE procrastinate_jobs SET queueing_lock = 'prune' WHERE id = %s", entry)
    assert await recover.run(runtime.context) == 2
    assert list((await entries(db)).values()) == ["todo", "todo"]
