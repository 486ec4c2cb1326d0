"""Readings over time (memory, CPU, queue depth …): stored every ten seconds, read over any range.

A process is known by a name that survives its restarts, so that its memory is one line. A rolled-up interval keeps
how many readings there were, their mean, the lowest and the highest; a missing reading is nothing, not zero.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray
from psycopg.types.json import Jsonb

from db import levels
from db.database import Database, Session
from db.levels import BY_WIDTH, STEP, Steps, moment
from db.packed import compress, decompress

COUNT, MEAN, LOW, HIGH = range(4)
MEMORY_KNOWN_FOR = timedelta(minutes=10)
Summary = NDArray[np.float64]  # shape (4, intervals)


async def add(
    db: Database, process: str, instance: str, at: datetime, values: Mapping[str, float | None]
) -> None:
    """Store one value per series, in the interval that `at` falls into; None is stored as nothing."""
    readings = {series: value for series, value in values.items() if value is not None}
    if readings:
        await db.execute(
            "samples.add",
            at=moment(int(at.timestamp() // STEP * STEP)),
            instance=instance,
            process=process,
            readings=Jsonb(readings),
        )


@dataclass(slots=True)
class Summaries:
    """Summaries by series of some intervals, readings and shorter summaries added one by one."""

    begin: int
    width: int
    intervals: int
    series: dict[str, Summary] = field(default_factory=dict)

    def _of(self, name: str) -> Summary:
        found = self.series.get(name)
        if found is None:
            found = np.zeros((4, self.intervals))
            found[LOW], found[HIGH] = np.inf, -np.inf
            self.series[name] = found
        return found

    def read(self, moments: Iterable[tuple[int, Mapping[str, float]]]) -> None:
        """Add readings, each of one moment (epoch seconds); a series at a time, because each `add` takes 13 us."""
        by_series: dict[str, tuple[list[int], list[float]]] = {}
        for at, readings in moments:
            for name, value in readings.items():
                known = by_series.setdefault(name, ([], []))
                known[0].append(at)
                known[1].append(value)
        for name, (begins, values) in by_series.items():
            each = np.array(values, np.float64)
            self.add(name, np.array(begins), np.stack([np.ones_like(each), each, each, each]))

    def add(self, name: str, at: NDArray[np.int64], shorter: Summary) -> None:
        """Add shorter summaries, shape (4, n), that begin at `at`, shape (n,), epoch seconds."""
        place = (at - self.begin) // self.width
        inside = (place >= 0) & (place < self.intervals) & (shorter[COUNT] > 0)
        place, part, known = place[inside], shorter[:, inside], self._of(name)
        sums = np.bincount(place, weights=part[COUNT] * part[MEAN], minlength=self.intervals)
        counts = np.bincount(place, weights=part[COUNT], minlength=self.intervals)
        total = known[COUNT] + counts
        known[MEAN] = (known[MEAN] * known[COUNT] + sums) / np.where(total, total, 1)
        known[COUNT] = total
        np.minimum.at(known[LOW], place, part[LOW])
        np.maximum.at(known[HIGH], place, part[HIGH])

    def pack(self) -> bytes:
        """As bytes: the names, then the numbers with four bytes each."""
        names = orjson.dumps(list(self.series))
        return (
            len(names).to_bytes(4, "little") + names + compress(np.stack(list(self.series.values()), axis=1))
        )


def unpack(data: bytes, intervals: int) -> dict[str, Summary]:
    """What `Summaries.pack` packed.

    Raises:
        ValueError: the bytes are not of its making.
    """
    end = 4 + int.from_bytes(data[:4], "little")
    names = orjson.loads(data[4:end])
    whole = decompress(data[end:]).reshape(4, len(names), intervals)
    return {name: whole[:, place] for place, name in enumerate(names)}


async def roll_up_hour(session: Session, begin: int, now: float) -> None:
    """Put an hour of fresh readings into the levels that are made of them; times in epoch seconds."""
    rows = await session.rows(
        "samples.fresh", since=moment(begin), until=moment(begin + levels.HOUR), process=None
    )
    read: dict[str, list[tuple[int, Mapping[str, float]]]] = {}
    for row in rows:
        read.setdefault(row["process"], []).append((int(row["at"].timestamp()), row["readings"]))
    for level in levels.of_hour(begin, now):
        by_process = {process: Summaries(begin, level.width, level.intervals) for process in read}
        for process, found in by_process.items():
            found.read(read[process])
        await _store(session, by_process)


async def roll_up_longer(session: Session, width: int, begin: int, of_width: int) -> None:
    """Make one interval of `width` seconds out of the shorter ones in it."""
    by_process: dict[str, Summaries] = {}
    for row in await _stored(session, [levels.Piece(of_width, begin, begin + width)], None):
        found = by_process.setdefault(row["process"], Summaries(begin, width, 1))
        for name, shorter in unpack(row["packed"], 1).items():
            found.add(name, np.array([int(row["at"].timestamp())]), shorter)
    await _store(session, by_process)


async def _store(session: Session, by_process: Mapping[str, Summaries]) -> None:
    for process, found in by_process.items():
        await session.execute(
            "samples.store", width=found.width, at=moment(found.begin), process=process, packed=found.pack()
        )


async def over_time(
    db: Database,
    names: Sequence[str],
    since: datetime,
    until: datetime,
    step_seconds: int,
    process: str | None = None,
) -> dict[str, list[dict[str, Any]]]:
    """For each series, steps that have readings, oldest first: at, mean, low, high, and how many `readings` these are
    of; None for all processes together.

    Steps count from 1970, and become longer where the range is so old that nothing finer is kept.
    """
    now, steps = datetime.now(UTC).timestamp(), Steps.of(since, until, step_seconds)
    async with db.transaction() as session:
        rolled_up = int((await session.value("rollup.rolled_up_until")).timestamp())
        covering = levels.pieces(since.timestamp(), until.timestamp(), rolled_up, now, steps.seconds)
        stored = await _stored(session, covering, process)
        fresh_since = max(int(since.timestamp() // STEP * STEP), rolled_up)
        fresh = await session.rows("samples.fresh", since=moment(fresh_since), until=until, process=process)
    found = Summaries(steps.begin, steps.seconds, steps.count)
    _take(found, names, stored)
    found.read((int(row["at"].timestamp()), _only(names, row["readings"])) for row in fresh)
    return {name: _steps(found, name) for name in names}


def _take(found: Summaries, names: Sequence[str], stored: Iterable[Mapping[str, Any]]) -> None:
    """Add what stored rows hold of some series within their `since` and `until`."""
    parts: dict[str, list[tuple[NDArray[np.int64], Summary]]] = {}
    for row in stored:
        level, begin = BY_WIDTH[row["width"]], int(row["at"].timestamp())
        at = begin + level.width * np.arange(level.intervals)
        inside = (at >= int(row["since"].timestamp())) & (at < int(row["until"].timestamp()))
        known = unpack(row["packed"], level.intervals)
        for name in names:
            if name in known:
                parts.setdefault(name, []).append((at[inside], known[name][:, inside]))
    for name, several in parts.items():
        begins, summaries = zip(*several, strict=True)
        found.add(name, np.concatenate(begins), np.concatenate(summaries, axis=1))


def _only(names: Sequence[str], readings: Mapping[str, float]) -> dict[str, float]:
    return {name: readings[name] for name in names if name in readings}


def _steps(found: Summaries, name: str) -> list[dict[str, Any]]:
    summary = found.series.get(name)
    if summary is None:
        return []
    return [
        {
            "at": moment(found.begin + found.width * int(place)),
            "mean": float(summary[MEAN, place]),
            "low": float(summary[LOW, place]),
            "high": float(summary[HIGH, place]),
            "readings": int(summary[COUNT, place]),
        }
        for place in np.flatnonzero(summary[COUNT])
    ]


async def _stored(
    session: Session, covering: Sequence[levels.Piece], process: str | None
) -> list[dict[str, Any]]:
    if not covering:
        return []
    return await session.rows(
        "samples.stored",
        widths=[piece.width for piece in covering],
        rows=[timedelta(seconds=BY_WIDTH[piece.width].row) for piece in covering],
        sinces=[moment(piece.since) for piece in covering],
        untils=[moment(piece.until) for piece in covering],
        process=process,
    )


async def machine_memory_bytes(db: Database) -> int | None:
    """Of the machine or container that Subpulse runs in, as it was sampled last; None when that is too long ago."""
    series, now = "system_memory_limit", datetime.now(UTC)
    found = await over_time(db, (series,), now - MEMORY_KNOWN_FOR, now, STEP)
    return int(found[series][-1]["mean"]) if found[series] else None
