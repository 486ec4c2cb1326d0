"""Counts by series and bucket: stored by interval, rolled up, and read over any range at about the same cost.

A family is what is counted together, such as requests (`latency`): it has tables of its own, the same statements
(db/sql/counts.sql) and the same way through the levels (db/levels.py). What its series and buckets mean only its own
module knows.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from psycopg.rows import DictRow

from db import levels
from db.database import Session
from db.levels import BY_WIDTH, STEP, Steps, moment
from db.packed import Counted, Numbers, divided, pack, unfresh, unpack_keys

Wanted = NDArray[np.bool_]  # by series: whether it is asked for


@dataclass(frozen=True, slots=True)
class CountStore:
    """One family's counts: the beginning of its tables' names, and how many buckets a series has."""

    family: str
    buckets: int

    async def add(self, session: Session, instance: str, intervals: Mapping[int, bytes]) -> None:
        """Add one process's intervals (start in epoch seconds -> triples of db/packed.py) to what is stored.

        What comes after its hour was rolled up counts in the next: an outage costs resolution in time, not counts.
        """
        rolled_up = int((await session.value("rollup.rolled_up")).timestamp())
        await session.execute_each(
            f"{self.family}.add",
            [
                {"at": moment(max(at, rolled_up)), "instance": instance, "counted": counted}
                for at, counted in sorted(intervals.items())
            ],
        )

    async def store(self, session: Session, width: int, begin: int, counted: Counted) -> None:
        """Store one row of a level; `interval` counts from the row's begin (epoch seconds). Empty rows take no room.

        Packing is left to a thread, for a busy hour of many series takes a fifth of a second.
        """
        if len(counted.times):
            packed = await asyncio.to_thread(pack, counted, self.buckets, BY_WIDTH[width].intervals)
            await session.execute(f"{self.family}.store", width=width, at=moment(begin), packed=packed)

    async def roll_up_hour(self, session: Session, begin: int, now: float) -> None:
        """Put an hour of fresh intervals into the levels that are made of them; times in epoch seconds."""
        rows = await self._fresh(session, moment(begin), moment(begin + levels.HOUR))
        parts = [unfresh(row["counted"], (int(row["at"].timestamp()) - begin) // STEP) for row in rows]
        if parts:
            await self.store_hour(session, begin, _joined(parts), now)

    async def store_hour(self, session: Session, begin: int, counted: Counted, now: float) -> None:
        """Put an hour into the levels that are made of fresh intervals and would still keep it.

        Args:
            begin: epoch seconds.
            counted: its intervals of 10 s, numbered from 0.
            now: epoch seconds.
        """
        for level in levels.of_hour(begin, now):
            shared = counted._replace(interval=counted.interval * STEP // level.width)
            await self.store(session, level.width, begin, shared)

    async def roll_up_longer(self, session: Session, width: int, begin: int, of_width: int) -> None:
        """Make one interval of `width` seconds out of the shorter ones in it."""
        piece = levels.Piece(of_width, begin, begin + width)
        whole = _joined(self._with_times(await self._stored(session, [piece]), None))
        await self.store(session, width, begin, whole._replace(interval=np.zeros_like(whole.interval)))

    async def totals(self, session: Session, since: datetime, until: datetime, series: int) -> Numbers:
        """Counts in a whole range, shape (series, buckets), of series numbered below `series`.

        A long interval's keys are places in that table already, and each is there once.
        """
        covering, begin = await _covering(session, since, until, levels.LEVELS[-1].width)
        totals = np.zeros(series * self.buckets, np.int64)
        for row in await self._stored(session, covering):
            keys, times = unpack_keys(row["packed"])
            intervals = BY_WIDTH[row["width"]].intervals
            if intervals == 1:
                totals[keys] += times
            else:
                keys, interval = divided(keys, intervals)
                inside = _inside(row, interval)
                totals += sums(keys[inside], times[inside], totals.shape)
        if begin < until:
            alive = await session.value(f"{self.family}.fresh_together", since=begin, until=until)
            if alive:
                counted = unfresh(alive)
                totals += sums(counted.series * self.buckets + counted.bucket, counted.times, totals.shape)
        return totals.reshape(-1, self.buckets)

    async def read(
        self,
        session: Session,
        since: datetime,
        until: datetime,
        widest: int,
        wanted: Wanted,
    ) -> Counted:
        """The counts of some series in a range, in intervals of at most `widest` seconds, as epoch seconds.

        Args:
            wanted: shape (highest series + 1,).
        """
        covering, begin = await _covering(session, since, until, widest)
        parts = self._with_times(await self._stored(session, covering), None if wanted.all() else wanted)
        if begin < until:
            for row in await self._fresh(session, begin, until):
                counted = unfresh(row["counted"], int(row["at"].timestamp()))
                parts.append(_only(counted, wanted[counted.series]))
        return _joined(parts)

    async def curve(
        self, session: Session, since: datetime, until: datetime, steps: Steps, wanted: Wanted
    ) -> Numbers:
        """The counts of some series together in steps, shape (steps, buckets).

        Args:
            wanted: shape (highest series + 1,).
        """
        covering, begin = await _covering(session, since, until, steps.seconds)
        curve = np.zeros((steps.count, self.buckets), np.int64)
        rows = await self._stored(session, covering)
        whole = [row for row in rows if BY_WIDTH[row["width"]].intervals == 1]
        if whole and wanted.all():
            self._add_whole(curve, whole, steps)
            rows = [row for row in rows if BY_WIDTH[row["width"]].intervals > 1]
        parts = self._with_times(rows, None if wanted.all() else wanted)
        if begin < until:
            for row in await self._fresh(session, begin, until):
                counted = unfresh(row["counted"], int(row["at"].timestamp()))
                parts.append(_only(counted, wanted[counted.series]))
        rest = _joined(parts)
        return curve + sums(
            steps.places(rest.interval) * self.buckets + rest.bucket, rest.times, (steps.count, self.buckets)
        )

    def _add_whole(self, curve: Numbers, rows: Sequence[DictRow], steps: Steps) -> None:
        """Add rows that are one interval each, of all series: whose counts they are need not be known."""
        for row, place in zip(rows, steps.places(_moments(rows, "at")), strict=True):
            keys, times = unpack_keys(row["packed"])
            _, bucket = divided(keys, self.buckets)
            curve[place] += np.bincount(bucket, times, self.buckets).astype(np.int64)

    async def _fresh(self, session: Session, since: datetime, until: datetime) -> list[DictRow]:
        return await session.rows(f"{self.family}.fresh", since=since, until=until)

    async def _stored(self, session: Session, covering: Sequence[levels.Piece]) -> list[DictRow]:
        """The rows that some pieces are taken from, each with `since` and `until` of its piece."""
        if not covering:
            return []
        return await session.rows(
            f"{self.family}.stored",
            widths=[piece.width for piece in covering],
            rows=[timedelta(seconds=BY_WIDTH[piece.width].row) for piece in covering],
            sinces=[moment(piece.since) for piece in covering],
            untils=[moment(piece.until) for piece in covering],
        )

    def _with_times(self, rows: Sequence[DictRow], wanted: Wanted | None) -> list[Counted]:
        """What the rows count inside of their pieces, intervals as epoch seconds.

        Rows of one width are taken apart together: a month of hours is many short rows.
        """
        return [
            self._of_width(width, [row for row in rows if row["width"] == width], wanted)
            for width in {row["width"] for row in rows}
        ]

    def _of_width(self, width: int, rows: Sequence[DictRow], wanted: Wanted | None) -> Counted:
        unpacked = [unpack_keys(row["packed"]) for row in rows]
        keys = np.concatenate([keys for keys, _ in unpacked])
        times = np.concatenate([times for _, times in unpacked])
        row = np.repeat(np.arange(len(rows)), [len(keys) for keys, _ in unpacked])
        intervals = BY_WIDTH[width].intervals
        if wanted is not None:
            kept = wanted[keys // (self.buckets * intervals)]
            keys, times, row = keys[kept], times[kept], row[kept]
        at = _moments(rows, "at")[row]
        if intervals == 1:  # a piece asks for whole rows
            return Counted(*divided(keys, self.buckets), at, times)
        keys, interval = divided(keys, intervals)
        at += interval * width
        inside = (at >= _moments(rows, "since")[row]) & (at < _moments(rows, "until")[row])
        return _only(Counted(*divided(keys, self.buckets), at, times), inside)


def _moments(rows: Sequence[DictRow], name: str) -> Numbers:
    """A moment of each row, in epoch seconds."""
    return np.array([int(row[name].timestamp()) for row in rows])


def sums(places: Numbers, counts: Numbers, shape: tuple[int, ...]) -> Numbers:
    """Counts added up by place, in an array of a shape."""
    size = int(np.prod(shape))
    return np.bincount(places, weights=counts, minlength=size).astype(np.int64).reshape(shape)


async def _covering(
    session: Session, since: datetime, until: datetime, widest: int
) -> tuple[list[levels.Piece], datetime]:
    """The pieces of the stored levels that cover a range, and from when on it is told by fresh intervals."""
    rolled_up = int((await session.value("rollup.rolled_up_until")).timestamp())
    now = datetime.now(UTC).timestamp()
    covering = levels.pieces(since.timestamp(), until.timestamp(), rolled_up, now, widest)
    return covering, moment(int(max(since.timestamp() // STEP * STEP, rolled_up)))


def _inside(row: DictRow, interval: Numbers) -> NDArray[np.bool_]:
    """Which of a row's intervals, numbered from 0, its piece asks for."""
    at = row["at"].timestamp() + interval * row["width"]
    return np.asarray((at >= row["since"].timestamp()) & (at < row["until"].timestamp()))


def _only(counted: Counted, kept: NDArray[np.bool_]) -> Counted:
    return Counted(*(each[kept] for each in counted))


def _joined(parts: Sequence[Counted]) -> Counted:
    if not parts:
        return Counted(*(np.zeros(0, np.int64),) * 4)
    return Counted(*(np.concatenate(each) for each in zip(*parts, strict=True)))
