"""A process that scrapes, started cheaply and made to be killed: all it needs is imported before it is forked."""

import asyncio
from multiprocessing.connection import Connection

import structlog

from categorization.classify import Classifier
from categorization.taxonomy import load_taxonomy
from db.database import Database
from db.measure import QueryRecorder
from db.requests import RequestRecorder
from jobs import discover_subreddits, recover
from jobs.job import Job
from jobs.runtime import Runtime, background, open_runtime
from pulse import Pulse
from settings import Settings

CLASSIFIER = Classifier(load_taxonomy())
PLANNED = ("refresh_subreddits", "collect_posts", "reread_posts")
PAUSE_SECONDS = 0.03
AT_REST = 3
"""so often in a row there must be nothing to do"""


def scrape(database_url: str, schema: str, api_url: str, begun: Connection, until_done: bool) -> None:
    """Say when at work, and go on until killed, or until nothing is due any more."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    discover_subreddits.search_words = lambda _: ["chess", "bread"]
    asyncio.run(_scrape(database_url, schema, api_url, begun, until_done))


async def _scrape(database_url: str, schema: str, api_url: str, begun: Connection, until_done: bool) -> None:
    settings = Settings(
        subpulse_source="reddit",
        reddit_client_id="sandbox",
        reddit_client_secret="sandbox",
        reddit_api_url=api_url,
        reddit_token_url=f"{api_url}/api/v1/access_token",
        fetch_concurrency=4,
    )
    db = Database(database_url, schema, QueryRecorder(1000), pool_size=10)
    await db.open()
    async with open_runtime(settings, db, CLASSIFIER, RequestRecorder(), Pulse(), "worker") as runtime:
        runtime.queue._app.worker_defaults["fetch_job_polling_interval"] = 0.03
        async with background(runtime.queue.work()):
            begun.send(True)
            await runtime.queue.start(runtime.jobs["discover_subreddits"])
            await _until_nothing_is_due(runtime, [runtime.jobs[name] for name in PLANNED], until_done)
    await db.close()


async def _until_nothing_is_due(runtime: Runtime, jobs: list[Job], may_end: bool) -> None:
    resting = 0
    while resting < AT_REST or not may_end:
        found = await recover.run(runtime.context)
        for job in jobs:
            found += await runtime.queue.start(job)
        depth = await runtime.context.db.row("queue.depth")
        assert depth is not None
        resting = 0 if found or depth["waiting"] or depth["doing"] else resting + 1
        await asyncio.sleep(PAUSE_SECONDS)
