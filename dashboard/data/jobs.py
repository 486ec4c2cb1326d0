"""Jobs and their runs, and what a viewer may do to them."""

from collections.abc import Sequence
from datetime import datetime

from dashboard.data.bridge import ActionFailed, Row, act, asked, connection
from dashboard.kept import kept
from db import between, dashboard

RUNS_SHOWN = 500


def job_list() -> Sequence[Row]:
    """name, summary, every_seconds and shared of each job."""
    return there.job_list if (there := connection()) else ()


def jobs_of_each_process() -> tuple[str, ...]:
    """Names of the jobs that every process runs for itself, every few seconds."""
    return tuple(job["name"] for job in job_list() if not job["shared"])


@kept(seconds=5, entries=30)
def job_runs(since: datetime, until: datetime, job: str | None, outcome: str | None) -> list[Row]:
    """The newest runs that started within a range, newest first, RUNS_SHOWN at most.

    Of all jobs means: without those that each process runs for itself, which would fill any list.
    """
    but = () if job else jobs_of_each_process()
    return asked("jobs", lambda db: between.job_runs(db, since, until, but, job, outcome, RUNS_SHOWN))


@kept(seconds=5, entries=30)
def telling_runs(since: datetime, until: datetime, job: str | None, outcome: str | None) -> list[Row]:
    """The runs of a range that tell most: those that failed, then the longest, RUNS_SHOWN at most."""
    but = () if job else jobs_of_each_process()
    return asked("jobs", lambda db: between.runs(db, since, until, but, job, outcome, RUNS_SHOWN))


@kept(seconds=5, entries=2)
def jobs_today() -> dict[str, Row]:
    """Each job's record of the last 24 hours, with `paused` and `ticked_at`, by name."""
    record = {row["job"]: row for row in asked("jobs", dashboard.by_job)}
    controls = {row["job"]: row for row in asked("jobs", dashboard.controls)}
    return {job: {**controls.get(job, {}), **record.get(job, {})} for job in record.keys() | controls.keys()}


def can_control_jobs() -> bool:
    """Whether this process can start and pause jobs."""
    there = connection()
    return there is not None and there.run_job is not None and there.pause_job is not None


def run_job(name: str) -> None:
    """Start a job now.

    Raises:
        ActionFailed: with the reason.
    """
    there = connection()
    if there is None or there.run_job is None:
        raise ActionFailed("this process cannot start jobs")
    act(there, "jobs", there.run_job(name))


def pause_job(name: str, paused: bool) -> None:
    """Pause a job, or let it go on.

    Raises:
        ActionFailed: with the reason.
    """
    there = connection()
    if there is None or there.pause_job is None:
        raise ActionFailed("this process cannot pause jobs")
    act(there, "jobs", there.pause_job(name, paused))
