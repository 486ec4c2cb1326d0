"""How long requests took: stored by interval, read over any range.

A series is a route (a template, never a path), a method and a class of status; `PAGE` is the method of the
dashboard's own reads, `PROBE` that of probes. Only counts per bucket are stored, so whatever is told of a range is
within 1 % (db/histogram.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from db import histogram
from db.counts import CountStore, sums
from db.database import Database, Session
from db.levels import Steps
from db.packed import Numbers, fresh

Series = tuple[str, str, int]  # route, method, status class (2 for 2xx …)
Intervals = Mapping[int, Mapping[Series, Numbers]]  # start in epoch seconds -> counts per bucket
SERVER_ERROR, CLIENT_ERROR, REDIRECTION = 5, 4, 3


STORE = CountStore("latency", histogram.BUCKETS)


async def add(db: Database, instance: str, intervals: Intervals) -> None:
    """Store one process's intervals, in one transaction; counts of shape (BUCKETS,)."""
    if not intervals:
        return
    async with db.transaction() as session:
        ids = await _ids(session, {series for interval in intervals.values() for series in interval})
        made = {
            at: b"".join(fresh(ids[series], counts) for series, counts in interval.items())
            for at, interval in intervals.items()
        }
        await STORE.add(session, instance, made)


async def _ids(session: Session, series: set[Series]) -> dict[Series, int]:
    routes, methods, status_classes = zip(*sorted(series), strict=True)
    rows = await session.rows(
        "latency.series_ids", routes=list(routes), methods=list(methods), status_classes=list(status_classes)
    )
    return {(row["route"], row["method"], row["status_class"]): row["id"] for row in rows}


async def _series(session: Session) -> dict[int, Series]:
    rows = await session.rows("latency.series")
    return {row["id"]: (row["route"], row["method"], row["status_class"]) for row in rows}


@dataclass(frozen=True, slots=True)
class RouteLatency:
    """A route and method over a range: counts, and seconds; `counts` has shape (BUCKETS,).

    Attributes:
        redirections: answers of 3xx, which from the API say that the client has it already (304).
    """

    route: str
    method: str
    count: int
    server_errors: int
    client_errors: int
    p50: float | None
    p95: float | None
    p99: float | None
    mean: float
    max: float
    counts: Numbers
    failed_counts: Numbers
    redirections: int = 0


async def by_route(db: Database, since: datetime, until: datetime) -> list[RouteLatency]:
    """Every route and method of a range, the busiest first; exact to 10 s at its ends as far as that is kept."""
    async with db.snapshot() as session:
        series = await _series(session)
        totals = await STORE.totals(session, since, until, max(series, default=0) + 1)
    names = {one: place for place, one in enumerate(sorted({name[:2] for name in series.values()}))}
    classes = np.zeros((len(names), 10, histogram.BUCKETS), np.int64)
    for number, (route, method, status_class) in series.items():
        classes[names[route, method], status_class] = totals[number]
    found = []
    for (route, method), number in names.items():
        counts = classes[number].sum(axis=0)
        if not counts.any():
            continue
        by_class = classes[number].sum(axis=1)
        p50, p95, p99, most = histogram.quantiles(counts, (0.5, 0.95, 0.99, 1.0))
        found.append(
            RouteLatency(
                route,
                method,
                int(counts.sum()),
                int(by_class[SERVER_ERROR]),
                int(by_class[CLIENT_ERROR]),
                p50,
                p95,
                p99,
                histogram.mean(counts) or 0.0,
                most or 0.0,
                counts,
                classes[number, SERVER_ERROR],
                int(by_class[REDIRECTION]),
            )
        )
    return sorted(found, key=lambda one: -one.count)


@dataclass(frozen=True, slots=True)
class OverTime:
    """A range in steps, oldest first. Steps without requests are there too, with None for their quantiles (seconds).

    `counts` has shape (steps, BUCKETS): the heat map.
    """

    at: list[datetime]
    step_seconds: int
    count: list[int]
    server_errors: list[int]
    p50: list[float | None]
    p95: list[float | None]
    p99: list[float | None]
    counts: Numbers

    @property
    def steps(self) -> list[dict[str, Any]]:
        """Those in which something was asked: at, count, server_errors, p50, p95, p99."""
        names = ("at", "count", "server_errors", "p50", "p95", "p99")
        columns = (getattr(self, name) for name in names)
        return [
            step
            for row in zip(*columns, strict=True)
            if (step := dict(zip(names, row, strict=True)))["count"]
        ]


async def over_time(
    db: Database,
    since: datetime,
    until: datetime,
    step_seconds: int,
    route: str | None = None,
    methods: Sequence[str] | None = None,
) -> OverTime:
    """A route's requests (or all of some methods) in steps, counted from 1970.

    Steps become longer where the range is so old that nothing finer is kept.
    """
    steps = Steps.of(since, until, step_seconds)
    async with db.snapshot() as session:
        series = await _series(session)
        wanted = np.zeros(max(series, default=0) + 1, bool)
        failed = np.zeros_like(wanted)
        for number, (of_route, of_method, status_class) in series.items():
            wanted[number] = (route is None or route == of_route) and (
                methods is None or of_method in methods
            )
            failed[number] = status_class == SERVER_ERROR
        counted = await STORE.read(session, since, until, steps.seconds, wanted)
    place = steps.places(counted.interval)
    counts = sums(place * histogram.BUCKETS + counted.bucket, counted.times, (steps.count, histogram.BUCKETS))
    errors = sums(place, counted.times * failed[counted.series], (steps.count,))
    p50, p95, p99 = histogram.quantiles_by_row(counts, (0.5, 0.95, 0.99))
    return OverTime(
        steps.at, steps.seconds, counts.sum(axis=1).tolist(), errors.tolist(), p50, p95, p99, counts
    )
