"""What statements cost: stored by interval, read over any range.

A series is a statement (db/normalized.py) and who asked for it. How long executions took is one family of counts,
what adds up is another, so that a curve of calls and seconds need not read histograms. Quantiles are within 1 %
(db/histogram.py), sums are exact.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from db import histogram
from db import statement_costs as costs
from db.counts import CountStore, Wanted
from db.database import Database, Session
from db.levels import Steps
from db.packed import Numbers, triples
from db.statement_costs import Cost, DrainedStatements, Key

CALLS, ROWS, REUSES, UNREUSED, SLOW, MICROSECONDS = (
    number - histogram.BUCKETS
    for number in (
        costs.CALLS, costs.ROWS, costs.REUSES, costs.UNREUSED, costs.SLOW, costs.MICROSECONDS,
    )
)  # fmt: skip
TIMES = CountStore("statement_times", histogram.BUCKETS)
SUMS = CountStore("statement_sums", costs.SUMS)


async def add(db: Database, instance: str, drained: DrainedStatements) -> None:
    """Store one process's intervals and the texts of the statements in them, in one transaction."""
    if not drained:
        return
    async with db.transaction() as session:
        ids = await _ids(
            session, {key for interval in drained.intervals.values() for key in interval}, drained
        )
        times, added_up = {}, {}
        for at, interval in drained.intervals.items():
            both = [_triples(ids[key], cost) for key, cost in interval.items()]
            times[at], added_up[at] = (b"".join(each) for each in zip(*both, strict=True))
        await TIMES.add(session, instance, times)
        await SUMS.add(session, instance, added_up)


def _triples(series: int, cost: Cost) -> tuple[bytes, bytes]:
    """Those of the histogram, and those of the sums."""
    buckets, counts = np.array(list(cost)), np.array(list(cost.values()))
    is_sum = buckets >= histogram.BUCKETS
    return (
        triples(series, buckets[~is_sum], counts[~is_sum]),
        triples(series, buckets[is_sum] - histogram.BUCKETS, counts[is_sum]),
    )


async def _ids(session: Session, keys: set[Key], drained: DrainedStatements) -> dict[Key, int]:
    names, askers = zip(*sorted(keys), strict=True)
    known = sorted({name: drained.texts.get(name, name) for name in names}.items())
    await session.execute(
        "statement_times.keep_texts", names=[name for name, _ in known], texts=[text for _, text in known]
    )
    rows = await session.rows("statement_times.series_ids", statements=list(names), askers=list(askers))
    return {(row["statement"], row["asker"]): row["id"] for row in rows}


@dataclass(frozen=True, slots=True)
class Asked:
    """How often an endpoint, job or page ran something, and how long that took in all."""

    asker: str
    calls: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Totals:
    """What executions came to in a range; `p50`, `p95`, `max` and `mean` in seconds.

    Attributes:
        rows: that they gave or changed.
        reuse: which share of them (0 to 1) reused a prepared statement; None where that is not known.
        slow: how many took longer than the threshold of their time.
    """

    calls: int
    rows: int
    total_seconds: float
    mean: float
    p50: float
    p95: float
    max: float
    reuse: float | None
    slow: int


@dataclass(frozen=True, slots=True)
class StatementTime:
    """A statement over a range, with who asked for it, the dearest first."""

    statement: str
    text: str
    totals: Totals
    askers: list[Asked]


@dataclass(frozen=True, slots=True)
class AskerTime:
    """All that an endpoint, job or page ran in a range, and how many different statements that were."""

    asker: str
    totals: Totals
    statements: int


async def by_statement(
    db: Database, since: datetime, until: datetime, asker: str | None = None, limit: int | None = None
) -> list[StatementTime]:
    """Every statement of a range, or those of one asker, by the time they took in all."""
    async with db.snapshot() as session:
        read = await _Read.of(session, since, until)
        groups = read.grouped(0, lambda key: asker is None or key[1] == asker)
        dearest = sorted(groups.items(), key=lambda one: -read.sums[one[1], MICROSECONDS].sum())[:limit]
        found = list(zip(dearest, read.totals([numbers for _, numbers in dearest]), strict=True))
        rows = await session.rows("statement_times.texts", names=[name for name, _ in dearest])
    texts = {row["name"]: row["text"] for row in rows}
    return [
        StatementTime(name, texts.get(name, name), totals, read.asked(numbers))
        for (name, numbers), totals in found
    ]


async def usual(db: Database, statement: str, since: datetime, until: datetime) -> tuple[float, float] | None:
    """(mean, p95) seconds of a statement in a range; None when it was not called."""
    for one in await by_statement(db, since, until):
        if one.statement == statement:
            return one.totals.mean, one.totals.p95
    return None


async def by_asker(
    db: Database, since: datetime, until: datetime, statement: str | None = None
) -> list[AskerTime]:
    """Every asker of a range, or those of one statement, by the time they took in all."""
    async with db.snapshot() as session:
        read = await _Read.of(session, since, until)
    groups = read.grouped(1, lambda key: statement is None or key[0] == statement)
    totals = read.totals(list(groups.values()))
    found = [AskerTime(name, each, len(groups[name])) for name, each in zip(groups, totals, strict=True)]
    return sorted(found, key=lambda one: -one.totals.total_seconds)


@dataclass(frozen=True, slots=True)
class OverTime:
    """A range in steps, oldest first; steps in which nothing ran are there too, with None for their p95 (seconds)."""

    at: list[datetime]
    step_seconds: int
    calls: list[int]
    rows: list[int]
    total_seconds: list[float]
    slow: list[int]
    p95: list[float | None]


async def over_time(
    db: Database,
    since: datetime,
    until: datetime,
    step_seconds: int,
    statement: str | None = None,
    asker: str | None = None,
    with_p95: bool = True,
) -> OverTime:
    """Statements in steps, counted from 1970: all of them, or those of one name or one asker.

    Steps become longer where the range is so old that nothing finer is kept.

    Args:
        with_p95: without it no histogram is read, which takes a third of the time; `p95` is then None throughout.
    """
    steps = Steps.of(since, until, step_seconds)
    async with db.snapshot() as session:
        series = await _series(session)
        wanted = _wanted(series, statement, asker)
        each = await SUMS.curve(session, since, until, steps, wanted)
        counts = await TIMES.curve(session, since, until, steps, wanted) if with_p95 else None
    p95: list[float | None] = [None] * steps.count
    if counts is not None:
        (p95,) = histogram.quantiles_by_row(counts, (0.95,))
    return OverTime(
        steps.at,
        steps.seconds,
        each[:, CALLS].tolist(),
        each[:, ROWS].tolist(),
        (each[:, MICROSECONDS] / 1e6).tolist(),
        each[:, SLOW].tolist(),
        p95,
    )


def _wanted(series: dict[int, Key], statement: str | None, asker: str | None) -> Wanted:
    wanted = np.full(max(series, default=0) + 1, statement is None and asker is None)
    for number, (of_statement, of_asker) in series.items():
        wanted[number] = statement in (None, of_statement) and asker in (None, of_asker)
    return wanted


async def _series(session: Session) -> dict[int, Key]:
    return {
        row["id"]: (row["statement"], row["asker"]) for row in await session.rows("statement_times.series")
    }


@dataclass(frozen=True, slots=True)
class _Read:
    """A range's counts by series number."""

    series: dict[int, Key]
    times: Numbers
    sums: Numbers

    @classmethod
    async def of(cls, session: Session, since: datetime, until: datetime) -> "_Read":
        series = await _series(session)
        size = max(series, default=0) + 1
        return cls(
            series,
            await TIMES.totals(session, since, until, size),
            await SUMS.totals(session, since, until, size),
        )

    def grouped(self, place: int, is_wanted: Callable[[Key], bool]) -> dict[str, list[int]]:
        """Numbers of the series that ran, by their statement (place 0) or asker (place 1)."""
        groups: defaultdict[str, list[int]] = defaultdict(list)
        for number in np.flatnonzero(self.sums[:, CALLS]).tolist():
            key = self.series.get(number)
            if key is not None and is_wanted(key):
                groups[key[place]].append(number)
        return groups

    def totals(self, groups: Sequence[Sequence[int]]) -> list[Totals]:
        """Those of some groups of series, which are not empty."""
        if not groups:
            return []
        counts = np.stack([self.times[numbers].sum(axis=0) for numbers in groups])
        added_up = [self.sums[numbers].sum(axis=0).tolist() for numbers in groups]
        quantiles = zip(*histogram.quantiles_by_row(counts, (0.5, 0.95, 1.0)), strict=True)
        return [_totals(*each) for each in zip(added_up, quantiles, strict=True)]

    def asked(self, numbers: Sequence[int]) -> list[Asked]:
        """Who asked for these series, the dearest first."""
        found = [
            Asked(
                self.series[number][1], int(self.sums[number, CALLS]), self.sums[number, MICROSECONDS] / 1e6
            )
            for number in numbers
        ]
        return sorted(found, key=lambda one: -one.seconds)


def _totals(added_up: Sequence[int], quantiles: Sequence[float | None]) -> Totals:
    calls, known = added_up[CALLS], added_up[REUSES] + added_up[UNREUSED]
    seconds = added_up[MICROSECONDS] / 1e6
    p50, p95, most = (each or 0.0 for each in quantiles)
    return Totals(
        calls=calls,
        rows=added_up[ROWS],
        total_seconds=seconds,
        mean=seconds / calls,
        p50=p50,
        p95=p95,
        max=most,
        reuse=added_up[REUSES] / known if known else None,
        slow=added_up[SLOW],
    )
