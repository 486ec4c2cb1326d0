"""What it is like right now: the pulse's parts, from memory every second and from PostgreSQL every other.

The pulse must never wait, so what only PostgreSQL knows is fetched beside it and shown as last read.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import structlog
from psycopg.rows import DictRow

from db import alerts, samples, subreddits
from db.attribution import asked_by
from db.diagnosis import locks
from db.diagnosis.locks import Blocked
from db.errors import DatabaseDown, one_line
from db.levels import STEP
from db.requests import Lately
from jobs import source_health, verdicts
from jobs.alert_rules import page_of
from jobs.context import Context
from jobs.job import Job
from jobs.metering import CpuMeter
from jobs.source_health import SourceHealth
from pulse import Part

log = structlog.get_logger()

READ_SECONDS = 2.0
RECENT = timedelta(minutes=5)
SERIES = (
    "requests",
    "errors",
    "p50",
    "p95",
    "p99",
    "hit_rate",
    "slow_queries",
    "rss",
    "cpu",
    "subreddits",
    "posts",
)

CacheCounts = Callable[[], tuple[int, int, int]]  # hits and misses since the process began, entries now
Sessions = Callable[[], int | None]  # open pages, None where it is not known


@dataclass(slots=True)
class Stored:
    """What was last read from PostgreSQL."""

    totals: dict[str, int] = field(default_factory=dict)
    runs: list[DictRow] = field(default_factory=list)
    queue: DictRow | None = None
    firing: list[DictRow] = field(default_factory=list)
    last_failure: tuple[str, datetime] | None = None
    sources: list[SourceHealth] = field(default_factory=list)
    blocked: Blocked = verdicts.NOBODY


class Over:
    """How much growing counters grew within the last minutes, sampled once a second."""

    def __init__(self, span: timedelta = RECENT) -> None:
        self._past: deque[Sequence[int]] = deque(maxlen=int(span.total_seconds()))

    def add(self, counters: Sequence[int]) -> list[int]:
        """Note the counters; their growth since the oldest note."""
        self._past.append(counters)
        return [now - before for now, before in zip(counters, self._past[0], strict=True)]


class Present:
    """Publishes this process's present to the pulse."""

    def __init__(
        self,
        context: Context,
        jobs: dict[str, Job],
        cache_counts: CacheCounts,
        working: Callable[[], bool],
        sessions: Sessions = lambda: None,
    ) -> None:
        self.context, self.jobs = context, jobs
        self.stored = Stored()
        self._shared = [job.name for job in jobs.values() if job.shared]
        self._cache_counts, self._working, self._sessions = cache_counts, working, sessions
        self._growth = Over()

    async def read_forever(self) -> None:
        """Until cancelled, read what only PostgreSQL knows; an outage leaves the last reading."""
        while True:
            try:
                with asked_by("pulse"):
                    self.stored = await self._metered_read()
            except DatabaseDown:
                pass  # the database's verdict says so
            except psycopg.Error as exc:
                log.warning("present not read", why=one_line(exc))
            await asyncio.sleep(READ_SECONDS)

    async def _metered_read(self) -> Stored:
        meter = CpuMeter(self._read())
        try:
            return await meter
        finally:
            self.context.watching.add("present", meter.seconds)

    async def _read(self) -> Stored:
        db = self.context.db
        since = datetime.now(UTC) - timedelta(seconds=3 * READ_SECONDS)
        unfinished = [row["id"] for row in self.stored.runs if row["finished_at"] is None]
        failure = await db.row("runs.last_failure")
        return Stored(
            totals=await subreddits.totals(db),
            runs=await db.rows("runs.present", jobs=self._shared, since=since, ids=unfinished),
            queue=await db.row("queue.depth"),
            firing=await alerts.firing(db),
            last_failure=(failure["job"], failure["finished_at"]) if failure else None,
            sources=await source_health.read(self.context),
            blocked=await locks.blocked(db),
        )

    async def recall(self) -> None:
        """Begin the pulse with what is stored of the last fifteen minutes, so that a restart leaves no hole."""
        now = datetime.now(UTC)
        since = now - timedelta(minutes=15)
        frames: dict[float, dict[str, float | None]] = {}
        stored = await samples.over_time(self.context.db, SERIES, since, now, STEP, self.context.process_name)
        for name, steps in stored.items():
            for step in steps:
                frames.setdefault(step["at"].timestamp(), {})[name] = step["mean"]
        recent = await self.context.db.rows("runs.present", jobs=self._shared, since=since, ids=[])
        past = [_run(row) for row in recent]
        for at, series in sorted(frames.items()):
            self.context.pulse.seed(at, series, past)
            past = []  # all with the first; each names its own times

    def part(self) -> Part:
        """This second's part of the frame, from memory."""
        context, stored = self.context, self.stored
        lately, process = context.requests.second(), context.process.read()
        hits_ever, misses_ever, entries = self._cache_counts()
        recorder = context.db.recorder
        hits, misses, slow, statements = self._growth.add(
            [hits_ever, misses_ever, recorder.slow_seen, recorder.executions]
        )
        pool = context.db.pool_state()
        with context.watching.timing("sampling"):
            sampled = context.sampling.second(process, pool)
        firing_since = next(
            (row["since"] for row in stored.firing if row["instance"] == context.instance), None
        )
        objective_ms = context.settings.objectives.rest
        queue = stored.queue or {"waiting": 0, "doing": 0}
        return Part(
            series={
                **_milliseconds(lately),
                "requests": lately.requests / lately.over_seconds,
                "errors": lately.errors / lately.over_seconds,
                "hit_rate": 100 * hits / (hits + misses) if hits + misses else None,
                "slow_queries": slow,
                "cache_entries": entries,
                **sampled,
                "subreddits": stored.totals.get("subreddits"),
                "posts": stored.totals.get("posts"),
                "viewers": context.pulse.listeners,
                "sessions": self._sessions(),
            },
            runs=[_run(row) for row in stored.runs],
            now={
                "verdicts": [
                    asdict(verdict)
                    for verdict in (
                        verdicts.api(series_ms(lately.p95), lately.errors, lately.requests, objective_ms),
                        verdicts.database(
                            context.db.down_reason,
                            slow,
                            context.settings.slow_query_ms,
                            pool.waiting,
                            stored.blocked,
                            statements,
                        ),
                        verdicts.cache(hits, misses),
                        verdicts.jobs(queue["doing"], queue["waiting"], stored.last_failure, self._working()),
                        verdicts.sources(stored.sources),
                        verdicts.memory(process.rss_bytes, process.memory_limit_bytes, firing_since),
                    )
                ],
                "alerts": [
                    {
                        "rule": row["rule"],
                        "since": row["since"].timestamp(),
                        "message": row["message"],
                        "page": page_of(row["rule"]),
                    }
                    for row in stored.firing
                ],
                "source": {
                    "name": context.settings.source,
                    "sandbox": context.settings.source == "sandbox",
                },
                "sources": [_source(health) for health in stored.sources],
                "memory_limit": process.memory_limit_bytes,
                "memory_alert": process.memory_limit_bytes * verdicts.MEMORY_BAD_PERCENT / 100,
                "objective_ms": objective_ms,
            },
        )


def series_ms(seconds: float | None) -> float | None:
    """Seconds as milliseconds, to three digits behind the point."""
    return None if seconds is None else round(seconds * 1e3, 3)


def _milliseconds(lately: Lately) -> dict[str, float | None]:
    return {name: series_ms(getattr(lately, name)) for name in ("p50", "p95", "p99")}


def _source(health: SourceHealth) -> dict[str, Any]:
    verdict = verdicts.source(health)
    judged = {"state": verdict.state, "word": verdict.word, "detail": verdict.detail}
    return {**health.as_json(), "verdict": judged}


def _run(row: DictRow) -> dict[str, Any]:
    finished = row["finished_at"]
    return {
        "id": row["id"],
        "job": row["job"],
        "outcome": row["outcome"],
        "started": row["started_at"].timestamp(),
        "finished": finished.timestamp() if finished else None,
        "rise": row["rise"],
        "items": row["items"],
    }
