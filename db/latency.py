"""How long requests took: stored by interval, read over any range.

A series is a route (a template, never a path), a method and a class of status; `PAGE` is the method of the
dashboard's own reads, `PROBE` that of probes. Only counts per bucket are stored, so whatever is told of a range is
within 1 % (db/histogram.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from db import histogram, levels
from db.database import Database, Session
from db.levels import BY_WIDTH, STEP
from db.packed import Counted, Numbers, fresh, pack, unfresh, unpack

Series = tuple[str, str, int]  # route, method, status class (2 for 2xx …)
Intervals = Mapping[int, Mapping[Series, Numbers]]  # start in epoch seconds -> counts per bucket
SERVER_ERROR, CLIENT_ERROR = 5, 4


async def add(db: Database, instance: str, intervals: Intervals) -> None:
    """Store one process's intervals, in one transaction; counts of shape (BUCKETS,).

    What comes after its hour was rolled up counts in the next: an outage costs resolution in time, not counts.
    """
    if not intervals:
        return
    async with db.transaction() as session:
        rolled_up = int((await session.value("rollup.rolled_up")).timestamp())
        ids = await _ids(session, {series for interval in intervals.values() for series in interval})
        await session.execute_each(
            "latency.add",
            [
                {
                    "at": moment(max(at, rolled_up)),
                    "instance": instance,
                    "counted": b"".join(fresh(ids[series], counts) for series, counts in interval.items()),
                }
                for at, interval in sorted(intervals.items())
            ],
        )


async def _ids(session: Session, series: set[Series]) -> dict[Series, int]:
    routes, methods, status_classes = zip(*sorted(series), strict=True)
    rows = await session.rows(
        "latency.series_ids", routes=list(routes), methods=list(methods), status_classes=list(status_classes)
    )
    return {(row["route"], row["method"], row["status_class"]): row["id"] for row in rows}


async def store(session: Session, width: int, begin: int, counted: Counted) -> None:
    """Store one row of a level; `interval` counts from the row's begin (epoch seconds). Empty rows take no room."""
    if len(counted.times):
        packed = pack(counted, histogram.BUCKETS, BY_WIDTH[width].intervals)
        await session.execute("latency.store", width=width, at=moment(begin), packed=packed)


async def roll_up_hour(session: Session, begin: int) -> None:
    """Put an hour of fresh intervals into the levels that are made of them."""
    until = begin + levels.HOUR
    parts = [
        unfresh(row["counted"], (int(row["at"].timestamp()) - begin) // STEP)
        for row in await session.rows("latency.fresh", since=moment(begin), until=moment(until))
    ]
    if parts:
        await store_hour(session, begin, _joined(parts))


async def store_hour(session: Session, begin: int, counted: Counted, finest: int = STEP) -> None:
    """Put an hour into the levels that are made of fresh intervals, from those of `finest` seconds on.

    Args:
        begin: epoch seconds.
        counted: its intervals of 10 s, numbered from 0.
        finest: what is older than the finest levels are kept needs no rows in them.
    """
    for level in levels.LEVELS:
        if level.row == levels.HOUR and level.width >= finest:
            shared = counted._replace(interval=counted.interval * STEP // level.width)
            await store(session, level.width, begin, shared)


async def roll_up_longer(session: Session, width: int, begin: int, of_width: int) -> None:
    """Make one interval of `width` seconds out of the shorter ones in it."""
    piece = levels.Piece(of_width, begin, begin + width)
    whole = _joined(await _stored(session, [piece]))
    await store(session, width, begin, whole._replace(interval=np.zeros_like(whole.interval)))


@dataclass(frozen=True, slots=True)
class RouteLatency:
    """A route and method over a range: counts, and seconds; `counts` has shape (BUCKETS,)."""

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


async def by_route(db: Database, since: datetime, until: datetime) -> list[RouteLatency]:
    """Every route and method of a range, the busiest first; exact to 10 s at its ends as far as that is kept."""
    series, counted = await _read(db, since, until, widest=levels.LEVELS[-1].width, together=True)
    names = {one: place for place, one in enumerate(sorted({name[:2] for name in series.values()}))}
    place, status_class = _places(series, names)
    shape = (10 * len(names), histogram.BUCKETS)
    row = 10 * place[counted.series] + status_class[counted.series]
    table = _sums(row * histogram.BUCKETS + counted.bucket, counted.times, shape)
    classes = table.reshape(len(names), 10, histogram.BUCKETS)
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
    now = datetime.now(UTC).timestamp()
    step = max(step_seconds, levels.finest_at(since.timestamp(), now).width)
    begin = int(since.timestamp() // step * step)
    steps = max(-int(-(until.timestamp() - begin) // step), 1)
    series, counted = await _read(db, since, until, widest=step)
    wanted = np.zeros(max(series, default=0) + 1, bool)
    failed = np.zeros_like(wanted)
    for number, (of_route, of_method, status_class) in series.items():
        wanted[number] = (route is None or route == of_route) and (methods is None or of_method in methods)
        failed[number] = status_class == SERVER_ERROR
    kept = wanted[counted.series]
    place = ((counted.interval[kept] - begin) // step).clip(0, steps - 1)
    many = counted.times[kept]
    counts = _sums(place * histogram.BUCKETS + counted.bucket[kept], many, (steps, histogram.BUCKETS))
    errors = _sums(place, many * failed[counted.series[kept]], (steps,))
    p50, p95, p99 = histogram.quantiles_by_row(counts, (0.5, 0.95, 0.99))
    return OverTime(
        [moment(begin + step * each) for each in range(steps)],
        step,
        counts.sum(axis=1).tolist(),
        errors.tolist(),
        p50,
        p95,
        p99,
        counts,
    )


async def _read(
    db: Database, since: datetime, until: datetime, widest: int, together: bool = False
) -> tuple[dict[int, Series], Counted]:
    """Series by number, and all counts of a range, their intervals as epoch seconds.

    With `together` the fresh ones come without their times.
    """
    async with db.transaction() as session:
        rolled_up = int((await session.value("rollup.rolled_up_until")).timestamp())
        now = datetime.now(UTC).timestamp()
        covering = levels.pieces(since.timestamp(), until.timestamp(), rolled_up, now, widest)
        parts = await _stored(session, covering)
        begin = max(since.timestamp() // STEP * STEP, rolled_up)
        if begin < until.timestamp():
            parts += await _fresh(session, moment(int(begin)), until, together)
        rows = await session.rows("latency.series")
    series = {row["id"]: (row["route"], row["method"], row["status_class"]) for row in rows}
    return series, _joined(parts)


async def _fresh(session: Session, since: datetime, until: datetime, together: bool) -> list[Counted]:
    if together:
        counted = await session.value("latency.fresh_together", since=since, until=until)
        return [unfresh(counted)] if counted else []
    rows = await session.rows("latency.fresh", since=since, until=until)
    return [unfresh(row["counted"], int(row["at"].timestamp())) for row in rows]


async def _stored(session: Session, covering: Sequence[levels.Piece]) -> list[Counted]:
    """The counts in some pieces, their intervals as epoch seconds."""
    if not covering:
        return []
    rows = await session.rows(
        "latency.stored",
        widths=[piece.width for piece in covering],
        rows=[timedelta(seconds=BY_WIDTH[piece.width].row) for piece in covering],
        sinces=[moment(piece.since) for piece in covering],
        untils=[moment(piece.until) for piece in covering],
    )
    parts = []
    for row in rows:
        begin, intervals = int(row["at"].timestamp()), BY_WIDTH[row["width"]].intervals
        counted = unpack(row["packed"], histogram.BUCKETS, intervals)
        counted = counted._replace(interval=begin + counted.interval * row["width"])
        if intervals > 1:
            inside = (counted.interval >= int(row["since"].timestamp())) & (
                counted.interval < int(row["until"].timestamp())
            )
            if not inside.all():
                counted = Counted(*(each[inside] for each in counted))
        parts.append(counted)
    return parts


def _joined(parts: Sequence[Counted]) -> Counted:
    if not parts:
        return Counted(*(np.zeros(0, np.int64),) * 4)
    return Counted(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def _places(series: Mapping[int, Series], names: Mapping[tuple[str, str], int]) -> tuple[Numbers, Numbers]:
    """By a series' number: where its route and method stand among `names`, and its status class."""
    place = np.zeros(max(series, default=0) + 1, np.int64)
    status_class = np.zeros_like(place)
    for number, (route, method, of_class) in series.items():
        place[number], status_class[number] = names[route, method], of_class
    return place, status_class


def _sums(places: Numbers, counts: Numbers, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Counts added up by place, in an array of a shape."""
    size = int(np.prod(shape))
    return np.bincount(places, weights=counts, minlength=size).astype(np.int64).reshape(shape)


def moment(seconds: int) -> datetime:
    """Epoch seconds as a time."""
    return datetime.fromtimestamp(seconds, UTC)
