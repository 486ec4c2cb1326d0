"""What statements cost: stored by interval, read over any range.

A series is a statement (db/normalized.py) and who asked for it; how its counts are kept stands in
db/statement_totals.py.
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from db import histogram
from db.counts import Wanted
from db.database import Database, Session
from db.levels import Steps
from db.packed import triples
from db.statement_costs import Cost, DrainedStatements, Key
from db.statement_totals import (
    CALLS,
    MICROSECONDS,
    ROWS,
    SLOW,
    SUMS,
    TIMES,
    Asked,
    Read,
    Totals,
    all_series,
)


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
        read = await Read.of(session, since, until)
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
        read = await Read.of(session, since, until)
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
        series = await all_series(session)
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
