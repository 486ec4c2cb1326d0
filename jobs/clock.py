"""The clock: APScheduler asks for each job's starts, and says so when one did not happen."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from apscheduler.events import (
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_MISSED,
    JobExecutionEvent,
    JobSubmissionEvent,
)
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from db import runs
from db.errors import DatabaseDown
from jobs.context import Context
from jobs.job import Job
from jobs.queue import Queue
from jobs.recorder import Recorder

log = structlog.get_logger()

# APScheduler drops a start that is later than this, by default after one second and without a word.
MISFIRE_GRACE = timedelta(seconds=30)
FIRST_START = timedelta(seconds=1)
# A week's interval begins anew with each process; asked for this often, a weekly job is at most so much late.
ASK_AT_LEAST = timedelta(hours=1)


class Clock:
    """Starts shared jobs through the queue and this process's own jobs right here."""

    def __init__(self, context: Context, jobs: dict[str, Job], queue: Queue, recorder: Recorder) -> None:
        self.context, self.jobs, self.queue, self.recorder = context, jobs, queue, recorder
        self._noting: set[asyncio.Task[None]] = set()
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={
                "misfire_grace_time": int(MISFIRE_GRACE.total_seconds()),
                "coalesce": True,
                "max_instances": 1,
            },
        )

    @property
    def running(self) -> bool:
        return bool(self._scheduler.running)

    def start(self) -> None:
        """Begin to tick; each job first after a second, so that a fresh machine need not wait its interval."""
        self._scheduler.add_listener(self._on_absent, EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
        for job in self.jobs.values():
            self._scheduler.add_job(
                self._tick,
                "interval",
                args=[job],
                id=job.name,
                seconds=_asked_every(job).total_seconds(),
                next_run_time=datetime.now(UTC) + FIRST_START,
            )
        self._scheduler.start()

    def stop(self) -> None:
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    async def _tick(self, job: Job) -> None:
        db = self.context.db
        try:
            if not job.shared:
                if not await runs.is_paused(db, job.name):
                    await self.recorder.record(job, self.context)
            elif await runs.may_start(db, job.name, job.every):
                await self.queue.start(job)
        except DatabaseDown as exc:
            log.debug("start not possible", job=job.name, why=str(exc))
        except Exception as exc:  # noqa: BLE001 - a run's own failure is recorded; the clock goes on
            log.info("start failed", job=job.name, why=repr(exc))

    def _on_absent(self, event: JobExecutionEvent | JobSubmissionEvent) -> None:
        """APScheduler says that a start was missed (too late) or skipped (the one before still runs)."""
        skipped = isinstance(event, JobSubmissionEvent)
        why = "the run before was still at it" if skipped else "the clock was held up for too long"
        note = self.recorder.note_absent(event.job_id, "skipped" if skipped else "missed", why)
        task: asyncio.Task[Any] = asyncio.get_running_loop().create_task(note)
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)


def _asked_every(job: Job) -> timedelta:
    """A shared job's start is granted once per interval, however often it is asked for (`runs.may_start`)."""
    return min(job.every, ASK_AT_LEAST) if job.shared else job.every
