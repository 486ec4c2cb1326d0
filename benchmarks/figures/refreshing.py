"""What refreshing ten thousand communities costs in calls, and what ten workers gain over one.

The real job through the real queue, by real HTTP, from a server in a process of its own that answers each call after
200 ms and counts. One worker and ten take turns; the queue's own work is timed with it, planning is not.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx

from benchmarks.corpus import base36
from benchmarks.database import Bench, bench_database
from benchmarks.figure import Goal, Reading
from benchmarks.lab import ROOT, Lab, LabError, free_port
from benchmarks.summary import median
from categorization.classify import Classifier
from categorization.taxonomy import load_taxonomy
from db.requests import RequestRecorder
from jobs.runtime import Runtime, open_runtime
from pulse import Pulse
from settings import Settings

COMMUNITIES, QUICK_COMMUNITIES = 10_000, 2_000
LATENCY_MS = 200
ROUNDS = 2
WORKERS = 10
POLL_SECONDS = 0.1
JOB = "refresh_subreddits"


def run(lab: Lab) -> list[Reading]:
    count, rounds = (QUICK_COMMUNITIES, 1) if lab.quick else (COMMUNITIES, ROUNDS)
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.distant_reddit", str(port), str(LATENCY_MS)]
    alone, together = [], []
    with bench_database(lab) as bench, lab.server(command, port, "/counted", {"PATH": ""}, ROOT):
        before = _counted(port)
        alone.append(asyncio.run(_refresh(bench, port, count, 1)))
        calls = _counted(port) - before
        for _ in range(rounds):
            together.append(asyncio.run(_refresh(bench, port, count, WORKERS)))
        if not lab.quick:
            alone.append(asyncio.run(_refresh(bench, port, count, 1)))
    return [
        Reading("Calls to refresh communities, against one each", calls / count, "×", Goal(1 / 95)),
        Reading(
            f"{WORKERS} workers at {LATENCY_MS} ms against one",
            median(alone) / median(together),
            "×",
            Goal(9.5, True),
            {"communities": count, "calls": calls, "one_worker_s": alone, "ten_workers_s": together},
        ),
    ]


def _counted(port: int) -> int:
    return int(httpx.get(f"http://127.0.0.1:{port}/counted").json()["requests"])


async def _refresh(bench: Bench, port: int, count: int, workers: int) -> float:
    """Seconds of work, from the first batch's start to the last one's end, until every community is refreshed."""
    _make_due(bench, count)
    seconds = 0.0
    async with _runtime(bench, port, workers) as runtime:
        await runtime.context.source.metadata([f"t5_{base36(1)}"])  # fetches the token, and tells the budget
        while await runtime.queue.start(runtime.jobs[JOB]):
            worker = asyncio.create_task(runtime.queue.work())
            while await _busy(runtime):  # noqa: ASYNC110 - the queue is in PostgreSQL
                await asyncio.sleep(POLL_SECONDS)
            worker.cancel()
            with suppress(asyncio.CancelledError):
                await worker
            seconds += _worked(bench)
    return seconds


def _worked(bench: Bench) -> float:
    """Seconds between the first start and the last end of what was recorded; the records go."""
    with bench.connect() as connection:
        row = connection.execute(
            "WITH ran AS (DELETE FROM job_runs WHERE job = %s RETURNING started_at, finished_at)"
            " SELECT extract(epoch FROM max(finished_at) - min(started_at))::float8 FROM ran",
            (JOB,),
        ).fetchone()
    if row is None or not isinstance(row[0], float):
        raise LabError("nothing ran")
    return row[0]


async def _busy(runtime: Runtime) -> bool:
    depth = await runtime.context.db.row("queue.depth")
    return depth is not None and bool(depth["waiting"] or depth["doing"])


def _make_due(bench: Bench, count: int) -> None:
    with bench.connect() as connection:
        connection.execute("TRUNCATE subreddits CASCADE")
        connection.execute("DELETE FROM procrastinate_jobs")
        rows = ((f"t5_{base36(1_000_000 + n)}", f"community_{n}") for n in range(count))
        with connection.cursor() as cursor, cursor.copy("COPY subreddits (id, name) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        bench.settle(connection)


@asynccontextmanager
async def _runtime(bench: Bench, port: int, workers: int) -> AsyncIterator[Runtime]:
    url = f"http://127.0.0.1:{port}"
    settings = Settings(
        subpulse_source="reddit",
        reddit_client_id="bench",
        reddit_client_secret="bench",
        reddit_api_url=url,
        reddit_token_url=f"{url}/api/v1/access_token",
        fetch_concurrency=workers,
    )
    database = bench.database()
    await database.open()
    try:
        classifier = Classifier(load_taxonomy())
        async with open_runtime(
            settings, database, classifier, RequestRecorder(), Pulse(), "bench"
        ) as opened:
            yield opened
    finally:
        await database.close()
