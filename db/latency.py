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
from psycopg.rows import DictRow

from db import histogram, levels
from db.database import Database, Session
from db.levels import BY_WIDTH, STEP
from db.packed import Counted, Numbers, fresh, pack, unfresh, unpack, unpack_keys

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


async def roll_up_hour(session: Session, begin: int, now: float) -> None:
    """Put an hour of fresh intervals into the levels that are made of them; times in epoch seconds."""
    until = begin + levels.HOUR
    parts = [
        unfresh(row["counted"], (int(row["at"].timestamp()) - begin) // STEP)
        for row in await session.rows("latency.fresh", since=moment(begin), until=moment(until))
    ]
    if parts:
        await store_hour(session, begin, _joined(parts), now)


async def store_hour(session: Session, begin: int, counted: Counted, now: float) -> None:
    """Put an hour into the levels that are made of fresh intervals and would still keep it.

    Args:
        begin: epoch seconds.
        counted: its intervals of 10 s, numbered from 0.
        now: epoch seconds.
    """
    for level in levels.of_hour(begin, now):
        shared = counted._replace(interval=counted.interval * STEP // level.width)
        await store(session, level.width, begin, shared)


async def roll_up_longer(session: Session, width: int, begin: int, of_width: int) -> None:
    """Make one interval of `width` seconds out of the shorter ones in it."""
    piece = levels.Piece(of_width, begin, begin + width)
    whole = _joined(_with_times(await _stored(session, [piece])))
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
    series, totals = await _totals(db, since, until)
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
    series, counted = await _read(db, since, until, step)
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


async def _totals(db: Database, since: datetime, until: datetime) -> tuple[dict[int, Series], Numbers]:
    """Series by number, and their counts in a whole range, shape (highest number + 1, BUCKETS).

    A long interval's keys are places in that table already, and each is there once.
    """
    async with db.transaction() as session:
        covering, begin = await _covering(session, since, until, levels.LEVELS[-1].width)
        rows = await _stored(session, covering)
        alive = None
        if begin < until:
            alive = await session.value("latency.fresh_together", since=begin, until=until)
        series = await _series(session)
    totals = np.zeros((max(series, default=0) + 1) * histogram.BUCKETS, np.int64)
    for row in rows:
        keys, times = unpack_keys(row["packed"])
        intervals = BY_WIDTH[row["width"]].intervals
        if intervals == 1:
            totals[keys] += times
        else:
            keys, interval = np.divmod(keys, intervals)
            inside = _inside(row, interval)
            totals += _sums(keys[inside], times[inside], totals.shape)
    if alive:
        counted = unfresh(alive)
        totals += _sums(counted.series * histogram.BUCKETS + counted.bucket, counted.times, totals.shape)
    return series, totals.reshape(-1, histogram.BUCKETS)


async def _read(
    db: Database, since: datetime, until: datetime, widest: int
) -> tuple[dict[int, Series], Counted]:
    """Series by number, and all counts of a range, their intervals as epoch seconds."""
    async with db.transaction() as session:
        covering, begin = await _covering(session, since, until, widest)
        parts = _with_times(await _stored(session, covering))
        if begin < until:
            rows = await session.rows("latency.fresh", since=begin, until=until)
            parts += [unfresh(row["counted"], int(row["at"].timestamp())) for row in rows]
        series = await _series(session)
    return series, _joined(parts)


async def _series(session: Session) -> dict[int, Series]:
    rows = await session.rows("latency.series")
    return {row["id"]: (row["route"], row["method"], row["status_class"]) for row in rows}


async def _covering(
    session: Session, since: datetime, until: datetime, widest: int
) -> tuple[list[levels.Piece], datetime]:
    """The pieces of the stored levels that cover a range, and from when on it is told by fresh intervals."""
    rolled_up = int((await session.value("rollup.rolled_up_until")).timestamp())
    now = datetime.now(UTC).timestamp()
    covering = levels.pieces(since.timestamp(), until.timestamp(), rolled_up, now, widest)
    return covering, moment(int(max(since.timestamp() // STEP * STEP, rolled_up)))


async def _stored(session: Session, covering: Sequence[levels.Piece]) -> list[DictRow]:
    """The rows that some pieces are taken from, each with `since` and `until` of its piece."""
    if not covering:
        return []
    return await session.rows(
        "latency.stored",
        widths=[piece.width for piece in covering],
        rows=[timedelta(seconds=BY_WIDTH[piece.width].row) for piece in covering],
        sinces=[moment(piece.since) for piece in covering],
        untils=[moment(piece.until) for piece in covering],
    )


def _with_times(rows: Sequence[DictRow]) -> list[Counted]:
    """What the rows count inside of their pieces, intervals as epoch seconds."""
    parts = []
    for row in rows:
        counted = unpack(row["packed"], histogram.BUCKETS, BY_WIDTH[row["width"]].intervals)
        inside = _inside(row, counted.interval)
        if not inside.all():
            counted = Counted(*(each[inside] for each in counted))
        begin = int(row["at"].timestamp())
        parts.append(counted._replace(interval=begin + counted.interval * row["width"]))
    return parts


def _inside(row: DictRow, interval: Numbers) -> NDArray[np.bool_]:
    """Which of a row's intervals, numbered from 0, its piece asks for."""
    at = row["at"].timestamp() + interval * row["width"]
    return np.asarray((at >= row["since"].timestamp()) & (at < row["until"].timestamp()))


def _joined(parts: Sequence[Counted]) -> Counted:
    if not parts:
        return Counted(*(np.zeros(0, np.int64),) * 4)
    return Counted(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def _sums(places: Numbers, counts: Numbers, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Counts added up by place, in an array of a shape."""
    size = int(np.prod(shape))
    return np.bincount(places, weights=counts, minlength=size).astype(np.int64).reshape(shape)


def moment(seconds: int) -> datetime:
    """Epoch seconds as a time."""
    return datetime.fromtimestamp(seconds, UTC)
