"""Everything that runs jobs in one process, opened and closed in the right order."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import structlog

from categorization.classify import Classifier
from collectors.source import open_instagram, open_source
from db import instances
from db.budget import SharedBudget, client_of
from db.database import Database
from db.errors import DatabaseDown
from db.requests import RequestRecorder
from db.watching import EVERY, Meter
from jobs import flush_telemetry
from jobs.clock import Clock
from jobs.context import Context
from jobs.job import Job
from jobs.process import ProcessWatch
from jobs.queue import Queue
from jobs.recorder import Recorder
from jobs.schedule import jobs_of
from pulse import Pulse
from settings import Settings

log = structlog.get_logger()

STOP_SECONDS = 15.0  # more than the queue's worker gives its batches


@dataclass(slots=True)
class Runtime:
    """One process's jobs, with what they work with."""

    context: Context
    jobs: dict[str, Job]
    recorder: Recorder
    queue: Queue
    clock: Clock


@asynccontextmanager
async def open_runtime(
    settings: Settings,
    db: Database,
    classifier: Classifier,
    requests: RequestRecorder,
    pulse: Pulse,
    role: str,
) -> AsyncIterator[Runtime]:
    """Jobs ready to run on an open database; nothing runs by itself yet."""
    if settings.source == "sandbox" and settings.instagram_access_token:
        log.warning(
            "INSTAGRAM_ACCESS_TOKEN is not used: beside the sandbox's communities stand its own accounts"
        )
    instance = instances.new_instance_id()
    budget = SharedBudget(db, client_of(settings))
    async with open_source(settings, budget) as source, open_instagram(settings) as instagram:
        process = ProcessWatch(settings.memory_limit_mb)
        context = Context(
            settings, db, instance, source, budget, classifier, requests, process, pulse, instagram
        )
        context.process_name = instances.process_name(role, settings.port)
        _watch(context.watching, context)
        jobs = jobs_of(settings)
        recorder = Recorder(db, instance)
        queue = Queue(context, jobs, recorder)
        await queue.open()
        await instances.join(db, instance, role)
        try:
            yield Runtime(context, jobs, recorder, queue, Clock(context, jobs, queue, recorder))
        finally:
            with suppress(DatabaseDown):
                await recorder.write_pending()
                await flush_telemetry.run(context)
                await instances.leave(db, instance)


def _watch(meter: Meter, context: Context) -> None:
    """Let the meter time what measures."""
    meter.attach(context.requests, "add", "requests", EVERY)
    meter.attach(context.requests, "second", "folding")
    meter.attach(context.db.recorder, "add", "statements", EVERY)
    meter.attach(context.db.recorder, "fold", "statements")
    meter.attach(context.pulse, "tick", "frames")


@asynccontextmanager
async def background(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run these beside the body; cancelled, in reverse order, when it ends. None may end by itself."""
    async with AsyncExitStack() as stack:
        for each in work:
            task = asyncio.create_task(each)
            task.add_done_callback(_complain)
            stack.push_async_callback(_cancel, task)
        yield


def _complain(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("background work ended", exc_info=task.exception())


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    _, unended = await asyncio.wait([task], timeout=STOP_SECONDS)
    if unended:
        log.error("background work does not end", task=repr(task))


@asynccontextmanager
async def ticking(runtime: Runtime) -> AsyncIterator[None]:
    """The clock asks for starts and the worker works the queue off while the body lasts."""
    runtime.clock.start()
    try:
        async with background(runtime.queue.work(), runtime.context.sampling.loop_lag.run()):
            yield
    finally:
        runtime.clock.stop()
