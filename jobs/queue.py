"""The queue: procrastinate's tasks, one per job, and the ways to put work in.

Its rows live in PostgreSQL, so what is queued outlives every process, and a batch is fetched by exactly one worker.
"""

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import procrastinate
import psycopg
import structlog
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job as QueuedJob
from procrastinate.retry import BaseRetryStrategy, RetryDecision

from db.errors import DatabaseDown, one_line
from jobs.context import Context
from jobs.job import Arguments, Job
from jobs.recorder import Recorder

log = structlog.get_logger()

STOP_SECONDS = 5.0
RETRY_SECONDS = 1.0


def _not_an_outcome(record: logging.LogRecord) -> bool:
    """The recorder reports how runs end, in one line; procrastinate would add a traceback to each."""
    return getattr(record, "action", "") not in {"job_error", "job_error_retry", "job_aborted_retry"}


logging.getLogger("procrastinate.worker").addFilter(_not_an_outcome)


def _is_cancelled() -> bool:
    """Whether this task was asked to stop: with PostgreSQL away, the worker's own end fails and hides it."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class _AfterInterruption(BaseRetryStrategy):
    """A batch that its process could not finish is done again, and one that PostgreSQL ended so that another could
    go on; one that failed is not, it stays due instead."""

    def get_retry_decision(self, *, exception: BaseException, job: QueuedJob) -> RetryDecision | None:
        if isinstance(exception, asyncio.CancelledError | DatabaseDown | psycopg.errors.DeadlockDetected):
            return RetryDecision(retry_at=datetime.now(UTC))
        return None


class Queue:
    """Puts starts of jobs into the queue and works them off."""

    def __init__(self, context: Context, jobs: dict[str, Job], recorder: Recorder) -> None:
        self.context, self.jobs, self.recorder = context, jobs, recorder
        self.working = False
        self._connector = procrastinate.PsycopgConnector()
        self._app = procrastinate.App(connector=self._connector)
        for job in jobs.values():
            self._register(job)

    def _register(self, job: Job) -> None:
        async def task(entry: procrastinate.JobContext, /, **arguments: Any) -> None:
            if entry.job.queueing_lock is not None:
                await self.context.db.execute("queue.unlock", ids=[entry.job.id])
            await self.recorder.record(job, self.context, arguments, entry.job.id)

        self._app.task(name=job.name, pass_context=True, retry=_AfterInterruption())(task)

    async def open(self) -> None:
        """Use the database's own pool, so that the queue's statements are measured like all others."""
        await self._app.open_async(self.context.db.pool)

    async def start(self, job: Job) -> int:
        """Queue what is due of the job; how many batches. Reserving and queueing are one transaction."""
        if job.plan is None:
            await self._defer_once(job)
            return 1
        if await self.context.db.value("queue.waiting_since", job=job.name) is not None:
            return 0  # what was planned before waits still; what is due stays due
        async with self.context.db.transaction() as session:
            batches = await job.plan(self.context, session)
            if batches:
                deferrer = self._app.configure_task(job.name, connection=session.connection)
                await deferrer.batch_defer_async(*batches)
        return len(batches)

    async def _defer_once(self, job: Job) -> None:
        """Queue one start unless one is waiting already; a wait as long as the interval is a skipped start."""
        try:
            await self._app.configure_task(job.name, queueing_lock=job.name).defer_async()
        except AlreadyEnqueued:
            since = await self.context.db.value("queue.waiting_since", job=job.name)
            if since is not None and datetime.now(UTC) - since >= job.every * 0.9:
                why = f"the start of {since:%H:%M:%S} UTC is still waiting in the queue"
                await self.recorder.note_absent(job.name, "skipped", why)

    async def plan_here(self, job: Job) -> list[Arguments]:
        """The batches that are due now, reserved for this process and not queued."""
        if job.plan is None:
            return [{}]
        async with self.context.db.transaction() as session:
            return await job.plan(self.context, session)

    async def work(self) -> None:
        """Work the queue off until cancelled; an outage of PostgreSQL is waited out."""
        while True:
            try:
                self.working = True
                await self._app.run_worker_async(
                    name=self.context.instance,
                    concurrency=self.context.settings.fetch_concurrency,
                    install_signal_handlers=False,
                    shutdown_graceful_timeout=STOP_SECONDS,
                    delete_jobs="successful",
                )
                log.warning("queue worker stopped by itself; it starts again")
            except (ConnectorException, psycopg.Error, DatabaseDown, OSError) as exc:
                log.warning("queue worker interrupted", why=one_line(exc))
            finally:
                self.working = False
            if _is_cancelled():
                raise asyncio.CancelledError
            await asyncio.sleep(RETRY_SECONDS)

    async def stop(self, worker: asyncio.Task[None]) -> None:
        """Let running batches finish for a moment, then put them back."""
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker
