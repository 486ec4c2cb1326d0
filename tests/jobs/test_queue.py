import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from categorization.classify import Classifier
from db import runs
from db.database import Database, Session
from db.errors import DatabaseDown
from db.measure import QueryRecorder
from db.requests import RequestRecorder
from jobs.context import Context
from jobs.job import Job
from jobs.leases import LEASE, batches
from jobs.queue import Queue
from jobs.recorder import Recorder
from jobs.runtime import Runtime, background, open_runtime
from pulse import Pulse
from settings import Settings
from tests.factories import subreddit
from tests.stored import keep, sql
from tests.waiting import until, until_found

Work = Callable[..., Any]


@pytest.fixture
def started() -> asyncio.Event:
    return asyncio.Event()


@asynccontextmanager
async def queue_of(context: Context, *jobs: Job) -> AsyncIterator[Queue]:
    """A queue that knows these jobs; nobody works it off yet. Its workers look for work more often than usual."""
    queue = Queue(context, {job.name: job for job in jobs}, Recorder(context.db, context.instance))
    queue._app.worker_defaults["fetch_job_polling_interval"] = 0.05
    await queue.open()
    yield queue


async def plan(_: Context, session: Session) -> list[dict[str, Any]]:
    due = await session.rows("subreddits.lease_due", lease=LEASE, limit=100)
    return batches(sorted(row["id"] for row in due), 4)


def planned(run: Work) -> Job:
    return Job("visit", "visit communities", timedelta(minutes=1), run, plan)


def single(run: Work) -> Job:
    return Job("brew", "brew tea", timedelta(minutes=1), run)


async def nothing(_: Context, ids: list[str] | None = None) -> int:
    return len(ids or [])


async def entries(db: Database) -> list[tuple[Any, ...]]:
    return await sql(db, "SELECT task_name, status::text FROM procrastinate_jobs ORDER BY id")


@pytest.fixture
async def due(db: Database) -> Database:
    await keep(db, *(subreddit(id=f"t5_{n}", name=f"Tea{n}") for n in range(10)))
    await sql(db, "UPDATE subreddits SET next_due_at = now() - interval '1 hour'")
    return db


async def test_what_is_due_is_queued_in_batches_and_only_once(due: Database, context: Context) -> None:
    async with queue_of(context, job := planned(nothing)) as queue:
        assert await queue.start(job) == 3
        assert await queue.start(job) == 0
    arguments = await sql(due, "SELECT args->'ids' FROM procrastinate_jobs ORDER BY id")
    assert [len(ids) for (ids,) in arguments] == [4, 4, 2]


async def test_nothing_more_is_reserved_while_batches_wait(due: Database, context: Context) -> None:
    async with queue_of(context, job := planned(nothing)) as queue:
        await queue.start(job)
        await sql(due, "UPDATE subreddits SET leased_until = NULL")
        assert await queue.start(job) == 0
    assert await sql(due, "SELECT count(*) FROM subreddits WHERE leased_until IS NOT NULL") == [(0,)]


async def test_reserving_and_queueing_happen_together_or_not_at_all(due: Database, context: Context) -> None:
    await sql(
        due,
        "ALTER TABLE job_controls ADD FOREIGN KEY (job) REFERENCES instances (id) DEFERRABLE INITIALLY DEFERRED",
    )

    async def plan_and_spoil_the_commit(context: Context, session: Session) -> list[dict[str, Any]]:
        await session.execute("runs.pause", job="nobody", paused=True)
        return await plan(context, session)

    job = Job("visit", "", timedelta(minutes=1), nothing, plan_and_spoil_the_commit)
    async with queue_of(context, job) as queue:
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            await queue.start(job)
    assert await entries(due) == []
    assert await sql(due, "SELECT count(*) FROM subreddits WHERE leased_until IS NOT NULL") == [(0,)]


async def test_by_hand_batches_are_reserved_but_not_queued(due: Database, context: Context) -> None:
    async with queue_of(context, planned(nothing), single(nothing)) as queue:
        assert len(await queue.plan_here(queue.jobs["visit"])) == 3
        assert await queue.plan_here(queue.jobs["visit"]) == []
        assert await queue.plan_here(queue.jobs["brew"]) == [{}]
    assert await entries(due) == []


async def test_a_start_is_queued_once_until_a_worker_takes_it(db: Database, context: Context) -> None:
    async with queue_of(context, job := single(nothing)) as queue:
        await queue.start(job)
        await queue.start(job)
    assert await entries(db) == [("brew", "todo")]
    assert await runs.recent(db) == [], "a short wait is nothing to speak of"


async def test_a_start_that_waits_for_a_whole_interval_is_noted_as_skipped(
    db: Database, context: Context
) -> None:
    async with queue_of(context, job := single(nothing)) as queue:
        await queue.start(job)
        await sql(db, "UPDATE procrastinate_events SET at = now() - interval '1 minute'")
        await queue.start(job)
    (row,) = await runs.recent(db)
    assert (row["job"], row["outcome"]) == ("brew", "skipped")
    assert "still waiting in the queue" in row["error"]


async def test_a_worker_does_what_is_queued_and_records_it(due: Database, context: Context) -> None:
    visited: list[str] = []

    async def visit(_: Context, ids: list[str]) -> int:
        visited.extend(ids)
        return len(ids)

    async with queue_of(context, job := planned(visit)) as queue, background(queue.work()):
        await until(lambda: queue.working)
        await queue.start(job)
        await until_found(lambda: done(due, 3))
    assert sorted(visited) == [f"t5_{n}" for n in range(10)]
    rows = await runs.recent(due)
    assert [(row["outcome"], row["job"]) for row in rows] == [("succeeded", "visit")] * 3
    assert sum(row["items"] for row in rows) == 10
    assert await entries(due) == [], "successful entries are forgotten; the runs have their history"


async def done(db: Database, count: int) -> bool:
    """Whether so many runs have ended, and nothing is left in the queue."""
    ended = await sql(db, "SELECT count(*) FROM job_runs WHERE outcome <> 'running'")
    left = await sql(db, "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')")
    return ended[0][0] >= count and left[0][0] == 0


@asynccontextmanager
async def two_processes(
    database_url: str, db: Database, settings: Settings, classifier: Classifier
) -> AsyncIterator[list[Runtime]]:
    """Two runtimes, each on a pool of its own."""
    async with AsyncExitStack() as stack:
        opened = []
        for number in range(2):
            pool = Database(database_url, db.schema, QueryRecorder(100), pool_size=6)
            await pool.open()
            stack.push_async_callback(pool.close)
            opened.append(
                await stack.enter_async_context(
                    open_runtime(settings, pool, classifier, RequestRecorder(), Pulse(), f"worker {number}")
                )
            )
        yield opened


async def test_two_workers_never_do_the_same_batch(
    due: Database, database_url: str, settings: Settings, classifier: Classifier
) -> None:
    visited: list[tuple[str, str]] = []

    async def visit(context: Context, ids: list[str]) -> int:
        await asyncio.sleep(0)
        visited.extend((name, context.instance) for name in ids)
        return len(ids)

    await keep(due, *(subreddit(id=f"t5_m{n}", name=f"More{n}") for n in range(70)))
    await sql(due, "UPDATE subreddits SET next_due_at = now() - interval '1 hour'")
    async with two_processes(database_url, due, settings, classifier) as (one, other):
        job = planned(visit)
        async with queue_of(one.context, job) as first, queue_of(other.context, job) as second:
            assert await first.start(job) == 20
            async with background(first.work(), second.work()):
                await until_found(lambda: done(due, 20))
    assert len(visited) == 80
    assert len({name for name, _ in visited}) == 80


async def test_a_batch_that_fails_is_recorded_and_not_done_again(due: Database, context: Context) -> None:
    async def fail(_: Context, ids: list[str]) -> int:
        raise ValueError("no")

    async with queue_of(context, job := planned(fail)) as queue, background(queue.work()):
        await queue.start(job)
        await until_found(lambda: done(due, 3))
    assert {row["outcome"] for row in await runs.recent(due)} == {"failed"}
    assert {status for _, status in await entries(due)} == {"failed"}


async def test_a_batch_that_its_process_could_not_finish_is_done_again(
    due: Database, context: Context, started: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.queue.STOP_SECONDS", 0.01)
    visited: list[list[str]] = []

    async def visit(_: Context, ids: list[str]) -> int:
        if not started.is_set():
            started.set()
            await asyncio.Event().wait()
        visited.append(ids)
        return len(ids)

    async with queue_of(context, Job("visit", "", timedelta(minutes=1), visit, plan_one)) as queue:
        async with background(queue.work()):
            await queue.start(queue.jobs["visit"])
            await started.wait()
        assert await entries(due) == [("visit", "todo")]
        (row,) = await runs.recent(due)
        assert row["outcome"] == "lost"
        async with background(queue.work()):
            await until_found(lambda: done(due, 2))
    assert visited == [[f"Tea{n}" for n in range(10)]]


async def plan_one(_: Context, session: Session) -> list[dict[str, Any]]:
    due = await session.rows("subreddits.lease_due", lease=LEASE, limit=100)
    return batches(sorted(row["name"] for row in due), 100)


@pytest.mark.parametrize("interruption", [DatabaseDown, psycopg.errors.DeadlockDetected])
async def test_a_batch_that_the_database_interrupted_is_done_again(
    due: Database, context: Context, interruption: type[Exception]
) -> None:
    tried: list[None] = []

    async def visit(_: Context, ids: list[str]) -> int:
        tried.append(None)
        if len(tried) == 1:
            raise interruption
        return len(ids)

    job = Job("visit", "", timedelta(minutes=1), visit, plan_one)
    async with queue_of(context, job) as queue, background(queue.work()):
        await queue.start(job)
        await until_found(lambda: done(due, 2))
    assert [row["outcome"] for row in await runs.recent(due)] == ["succeeded", "failed"]


async def test_a_start_that_waits_already_does_not_hinder_an_interrupted_one(
    db: Database, context: Context, started: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.queue.STOP_SECONDS", 0.01)
    context.settings = context.settings.model_copy(
        update={"fetch_concurrency": 1}
    )  # the second start has to wait

    async def brew(_: Context) -> None:
        if not started.is_set():
            started.set()
            await asyncio.Event().wait()

    async with queue_of(context, job := single(brew)) as queue:
        async with background(queue.work()):
            await queue.start(job)
            await started.wait()
            await queue.start(job)
        assert await entries(db) == [("brew", "todo")] * 2
        async with background(queue.work()):
            await until_found(lambda: done(db, 3))
    assert sorted(row["outcome"] for row in await runs.recent(db)) == ["lost", "succeeded", "succeeded"]


async def test_it_works_while_it_works(context: Context) -> None:
    async with queue_of(context, single(nothing)) as queue:
        assert not queue.working
        async with background(queue.work()):
            await until(lambda: queue.working)
        assert not queue.working
