"""The process: dashboard, API, live stream, clock and worker in one. `python app.py`, or `uvicorn app:app`."""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import httpx
import streamlit as st
import structlog
from starlette.middleware import Middleware

from api.app import declared_routes, routes
from api.caches import Caches
from api.edge.purger import EdgePurger
from api.edge.targets import edge_of, targets
from api.hosts import KnownHosts, allowed_hosts
from api.responses.computed import Computed
from api.responses.front import Front
from api.services import Services, make_cache
from api.telemetry import Telemetry
from caching.rates import Rates
from categorization.classify import Classifier
from categorization.taxonomy import TaxonomyError, load_taxonomy
from collectors.reuse import CountedTransport, reuse
from collectors.wire import open_http
from db import deployments, outage, runs, written
from db.database import Database
from db.diagnosis.target import Target, opened
from db.errors import DatabaseError
from db.measure import QueryRecorder
from db.requests import RequestRecorder
from db.server import prepare, schema_of, server_of
from jobs.present import Present
from jobs.runtime import Runtime, background, open_runtime, ticking
from logs import configure_logs
from pulse import Pulse
from serving import before_stopping, check_port, open_pages, server_options
from settings import ROOT, Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from caching.redis_level import RedisLevel

log = structlog.get_logger()


class Process:
    """What lives as long as the process does; nothing is opened before its lifespan."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.server = server_of(settings)
        self.db = Database(
            self.server.conninfo,
            schema_of(settings),
            QueryRecorder(settings.slow_query_ms),
            settings.database_pool_size,
        )
        self.pulse = Pulse()
        self.requests = RequestRecorder()
        self.classifier = Classifier(load_taxonomy())
        self.level = _second_level(settings)
        self.cache, stats, subreddits = make_cache(self.level)
        self.runtime: Runtime | None = None
        self.targets: dict[str, Target] = {}
        self.services = Services(
            settings=settings,
            db=self.db,
            pulse=self.pulse,
            cache=self.cache,
            stats=stats,
            subreddits=subreddits,
            requests=self.requests,
            classifier=self.classifier,
            checks={
                "database": lambda: self.db.down_reason,
                "queue": lambda: None if self.working() else "the worker does not run",
                "scheduler": lambda: None if self.ticking() else "the clock does not run",
            },
            source_state=self.source_state,
            edge=lambda: self.purger.counts(),
            connections=lambda: {name: (one.requests, one.connections) for name, one in reuse().items()},
        )
        self.routes = routes(self.services)
        self.edge = edge_of(settings)
        self.table = declared_routes(self.routes, self.edge)
        self.table.keep_in(self.cache)
        self.purger = EdgePurger(
            targets(settings),
            self.table.surrogate_keys,
            open_edge,
            hears=lambda: self.cache.hearing.is_on,
        )
        self.cache.observe(self.purger.hear)
        self.caches = Caches(self.services, self.table)

    def middleware(self) -> list[Middleware]:
        """Outermost first: what is kept is answered before anything else is asked."""
        hosts = allowed_hosts(self.settings)
        return [
            Middleware(
                Front,
                table=self.table,
                recorder=self.requests,
                hosts=hosts,
                shows_age=self.edge.is_told,
            ),
            Middleware(KnownHosts, hosts=hosts),
            Middleware(Telemetry, recorder=self.requests),
            Middleware(Computed, table=self.table),
        ]

    def working(self) -> bool:
        return self.runtime is not None and self.runtime.queue.working

    def ticking(self) -> bool:
        return self.runtime is not None and self.runtime.clock.running

    def source_state(self) -> str:
        """The verdict on the source, in its word."""
        frame = self.pulse.latest
        verdicts = frame.now.get("verdicts", ()) if frame else ()
        return next((one["word"].lower() for one in verdicts if one["name"] == "Sources"), "not asked yet")

    def cache_counts(self) -> tuple[int, int, int]:
        """(hits, misses, entries kept now) of all namespaces."""
        return self.cache.counts()

    @asynccontextmanager
    async def lifespan(self, _: st.App) -> AsyncIterator[dict[str, Any]]:
        """Open everything, in the order in which it depends on each other; close it the other way round."""
        await asyncio.to_thread(prepare, self.server, self.db.schema)
        await self.db.open()
        try:
            async with (
                background(outage.watch(self.db, self.server.revive)),
                opened(self.settings, self.db) as self.targets,
                open_runtime(
                    self.settings, self.db, self.classifier, self.requests, self.pulse, "app"
                ) as self.runtime,
                self._live(self.runtime),
            ):
                yield {}
        finally:
            self.runtime = None
            await self.db.close()
            await asyncio.to_thread(self.server.stop)

    @asynccontextmanager
    async def _live(self, runtime: Runtime) -> AsyncIterator[None]:
        runtime.context.cache_rates = Rates(self.cache).take
        present = Present(runtime.context, runtime.jobs, self.cache_counts, self.working, open_pages)
        await present.recall()
        version = await asyncio.to_thread(deployments.running_version)
        await deployments.note_start(self.db, version, runtime.context.instance)
        self.pulse.publish(present.part)
        self.cache.gap()  # nobody listens yet
        before_stopping(self.pulse.close)
        async with (
            self._dashboard(runtime),
            ticking(runtime),
            background(
                present.read_forever(),
                self.pulse.run(),
                self.purger.run(),
                written.listen(self.db, self.cache.hear, self.cache.gap, self.cache.hearing.extend),
                *(
                    [self.level.run(self.cache.hear, await written.identity(self.db), version)]
                    if self.level
                    else []
                ),
            ),
        ):
            gc.collect()
            gc.freeze()  # Streamlit collects after every rerun: 60 ms over all that was imported, 10 ms without
            yield

    @asynccontextmanager
    async def _dashboard(self, runtime: Runtime) -> AsyncIterator[None]:
        """Give the pages their way to the data. Imported now, because components want Streamlit's runtime, and
        because the first visitor should not wait for pandas and Plotly, nor `gc.freeze` miss them."""
        from dashboard import charts, data, live, parts  # noqa: F401

        async def run_job(name: str) -> None:
            job = runtime.jobs[name]
            if job.shared:
                await runtime.queue.start(job)
            else:
                await runtime.recorder.record(job, runtime.context)

        async def pause_job(name: str, paused: bool) -> None:
            await runs.pause(self.db, name, paused)

        data.connect(
            asyncio.get_running_loop(),
            self.db,
            self.settings,
            caches=self.caches,
            query_cache=self.cache.ask,
            run_job=run_job,
            pause_job=pause_job,
            job_list=[
                {
                    "name": job.name,
                    "summary": job.summary,
                    "every_seconds": job.every.total_seconds(),
                    "shared": job.shared,
                }
                for job in runtime.jobs.values()
            ],
            present=lambda: frame.now if (frame := self.pulse.latest) else {},
            requests=self.requests,
            targets=self.targets,
        )
        try:
            yield
        finally:
            data.disconnect()


def open_edge() -> httpx.AsyncClient:
    """A client that tells the caches in front of us what to forget."""
    return open_http(CountedTransport("edge", httpx.AsyncHTTPTransport()))


def _second_level(settings: Settings) -> "RedisLevel | None":
    """Where answers are shared with other processes; its client takes 0.1 s to import, so only where there is one."""
    if settings.redis_url is None:
        return None
    from caching.redis_level import RedisLevel

    return RedisLevel(settings.redis_url)


def _stop(why: Exception) -> None:
    print(f"subpulse: {why}", file=sys.stderr)
    sys.exit(1)


try:
    process = Process(load_settings())
except (SettingsError, TaxonomyError) as exc:
    _stop(exc)
configure_logs(process.settings.log_level)
app = st.App(  # written out here, because `streamlit run app.py` looks for just this
    ROOT / "streamlit_app.py",
    lifespan=process.lifespan,
    routes=process.routes,
    middleware=process.middleware(),
)

if __name__ == "__main__":
    if len(sys.argv) > 1:
        _stop(
            SettingsError(
                "app.py takes no arguments; settings come from the environment, as in PORT=8600 make run"
            )
        )
    try:
        check_port(process.settings)
        prepare(process.server, process.db.schema)
    except (SettingsError, DatabaseError) as exc:
        _stop(exc)
    print(f"Subpulse is starting at http://localhost:{process.settings.port} (Ctrl-C stops it)", flush=True)
    with suppress(KeyboardInterrupt):  # uvicorn raises the signal again once it has stopped in good order
        app.run(config=server_options(process.settings))
