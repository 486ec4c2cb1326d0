import asyncio

import pytest
import structlog

from categorization.classify import Classifier
from db.database import Database
from db.errors import DatabaseDown
from db.requests import RequestRecorder
from jobs.job import Job
from jobs.runtime import Runtime, background, open_runtime, ticking
from jobs.schedule import JOBS, jobs_of
from pulse import Pulse
from settings import Settings
from tests.stored import sql
from tests.waiting import until


async def test_a_process_enters_and_its_instance_is_unlike_any_other(db: Database, runtime: Runtime) -> None:
    assert await sql(db, "SELECT id, role, stopped_at FROM instances") == [
        (runtime.context.instance, "app", None)
    ]


async def test_ticking_starts_clock_and_worker_and_stops_both(runtime: Runtime) -> None:
    async with ticking(runtime):
        assert runtime.clock.running
        await until(lambda: runtime.queue.working)
    assert not runtime.queue.working
    await until(lambda: not runtime.clock.running)


async def test_background_work_ends_with_the_body_in_reverse_order() -> None:
    ended: list[str] = []

    async def work(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(name)

    async with background(work("first"), work("second")):
        await asyncio.sleep(0)
    assert ended == ["second", "first"]


async def test_background_work_that_fails_is_said_and_the_body_goes_on() -> None:
    async def fail() -> None:
        raise DatabaseDown("gone")

    with structlog.testing.capture_logs() as logs:
        async with background(fail()):
            await asyncio.sleep(0)
            await asyncio.sleep(0)
    assert [entry["event"] for entry in logs] == ["background work ended"]


async def test_background_work_ends_when_the_body_fails() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("work")

    async def fail() -> None:
        async with background(work()):
            await asyncio.sleep(0)
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await fail()
    assert ended == ["work"]


def test_every_job_has_a_name_a_summary_and_an_interval(settings: Settings) -> None:
    jobs = jobs_of(settings)
    assert jobs.keys() - {job.name for job in JOBS} == {"follow_instagram", "probe_self"}
    assert all(job.summary and job.every.total_seconds() > 0 for job in jobs.values())
    assert all(job.shared for job in jobs.values() if job.plan)


async def test_a_token_that_the_sandbox_leaves_unused_is_said(
    db: Database, settings: Settings, classifier: Classifier
) -> None:
    real = {"instagram_access_token": "hunter2", "instagram_user_id": "17"}
    with structlog.testing.capture_logs() as logs:
        for update in ({}, real):
            of = settings.model_copy(update=update)
            async with open_runtime(of, db, classifier, RequestRecorder(), Pulse(), "worker"):
                pass
    (warning,) = [entry["event"] for entry in logs if entry["log_level"] == "warning"]
    assert warning.startswith("INSTAGRAM_ACCESS_TOKEN is not used")


def test_the_probe_runs_only_when_wanted(settings: Settings) -> None:
    assert jobs_of(settings)["probe_self"].every.total_seconds() == settings.self_probe_seconds
    assert "probe_self" not in jobs_of(settings.model_copy(update={"self_probe_seconds": 0.0}))


def test_instagram_is_followed_only_with_a_token_and_whose_it_is() -> None:
    def jobs(**of: str) -> dict[str, Job]:
        return jobs_of(Settings(subpulse_source="arctic_shift", **of))

    assert "follow_instagram" not in jobs()
    assert "follow_instagram" not in jobs(instagram_access_token="secret")
    assert "follow_instagram" in jobs(instagram_access_token="secret", instagram_user_id="17")
