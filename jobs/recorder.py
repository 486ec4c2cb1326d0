"""Every run is recorded from outside: when, how long, how much memory, how many items, how it ended."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from db import runs
from db.attribution import asked_by
from db.database import Database
from db.errors import DatabaseDown
from db.watching import OF_JOB
from jobs.context import Context
from jobs.job import Arguments, Job
from jobs.metering import CpuMeter, PeakMemory

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Record:
    """What came of one run; seconds and bytes."""

    run_id: int
    memory_before: int
    how: runs.Finish


class Recorder:
    """Wraps runs of one process. A record that PostgreSQL cannot take now is written later."""

    def __init__(self, db: Database, instance: str, memory: PeakMemory | None = None) -> None:
        self.db, self.instance = db, instance
        self._memory = memory or PeakMemory()
        self._keys = itertools.count()
        self._unwritten: list[tuple[int, runs.Finish]] = []

    async def record(
        self,
        job: Job,
        context: Context,
        arguments: Arguments | None = None,
        queue_id: int | None = None,
    ) -> Record:
        """Run the job once and record it; the run's own exception, when it has one, comes after the record.

        Raises:
            DatabaseDown: the start could not be recorded; the job then did not run.
        """
        part = OF_JOB.get(job.name)
        if part is None:
            return await self._record(job, context, arguments, queue_id)
        meter = CpuMeter(self._record(job, context, arguments, queue_id))
        try:
            return await meter
        finally:
            context.watching.add(part, meter.seconds)

    async def _record(
        self, job: Job, context: Context, arguments: Arguments | None, queue_id: int | None
    ) -> Record:
        with asked_by(f"job {job.name}"):
            key = next(self._keys)
            before = self._memory.begin(key)
            try:
                run_id = await runs.start(
                    self.db, job.name, self.instance, datetime.now(UTC), before, arguments or {}, queue_id
                )
            except BaseException:
                self._memory.end(key)
                raise
            how, error = await self._measure(key, lambda: job.run(context, **(arguments or {})))
            await self._write(run_id, how)
        if how.outcome == "failed":
            log.warning("run failed", job=job.name, run=run_id, why=how.error)
        if error is not None:
            raise error
        return Record(run_id, before, how)

    async def _measure(
        self, key: int, run: Callable[[], Awaitable[int | None]]
    ) -> tuple[runs.Finish, BaseException | None]:
        began, meter = time.perf_counter(), CpuMeter(run())
        items: int | None = None
        error: BaseException | None = None
        outcome: runs.Outcome = "succeeded"
        try:
            items = await meter
        except asyncio.CancelledError as exc:
            outcome, error = "lost", exc
        except Exception as exc:  # noqa: BLE001 - a job's border: whatever it is, it is that run's outcome
            outcome, error = "failed", exc
        wall = time.perf_counter() - began
        peak, after = self._memory.end(key)
        how = runs.Finish(
            outcome, datetime.now(UTC), wall, meter.seconds, peak, after, items, _one_line(error)
        )
        return how, error

    async def _write(self, run_id: int, how: runs.Finish) -> None:
        self._unwritten.append((run_id, how))
        try:
            await self.write_pending()
        except DatabaseDown:
            log.warning("run record kept until the database is back", run=run_id)

    async def write_pending(self) -> None:
        """Write the records that are still waiting.

        Raises:
            DatabaseDown: they go on waiting.
        """
        while self._unwritten:
            pending = self._unwritten.pop()
            try:
                await runs.finish(self.db, *pending)
            except BaseException:
                self._unwritten.append(pending)
                raise

    async def note_absent(self, job: str, outcome: runs.Outcome, why: str) -> None:
        """Record a start that did not happen: `missed` or `skipped`."""
        try:
            await runs.note_absent(self.db, job, self.instance, outcome, datetime.now(UTC), why)
        except DatabaseDown:
            log.warning("start did not happen", job=job, outcome=outcome, why=why)


def _one_line(error: BaseException | None) -> str | None:
    if error is None:
        return None
    if isinstance(error, asyncio.CancelledError):
        return "the process was stopped before it was done"
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:1000]
