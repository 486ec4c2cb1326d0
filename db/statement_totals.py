"""What executions came to in a range, by series: a statement and who asked for it.

How long executions took is one family of counts, what adds up is another, so that a curve of calls and seconds need
not read histograms. Quantiles are within 1 % (db/histogram.py), sums are exact.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from db import histogram
from db import statement_costs as costs
from db.counts import CountStore
from db.database import Session
from db.packed import Numbers
from db.statement_costs import Key

CALLS, ROWS, REUSES, UNREUSED, SLOW, MICROSECONDS = (
    number - histogram.BUCKETS
    for number in (
        costs.CALLS, costs.ROWS, costs.REUSES, costs.UNREUSED, costs.SLOW, costs.MICROSECONDS,
    )
)  # fmt: skip
TIMES = CountStore("statement_times", histogram.BUCKETS)
SUMS = CountStore("statement_sums", costs.SUMS)


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


async def all_series(session: Session) -> dict[int, Key]:
    """Every series by its number."""
    return {
        row["id"]: (row["statement"], row["asker"]) for row in await session.rows("statement_times.series")
    }


@dataclass(frozen=True, slots=True)
class Read:
    """A range's counts by series number."""

    series: dict[int, Key]
    times: Numbers
    sums: Numbers

    @classmethod
    async def of(cls, session: Session, since: datetime, until: datetime) -> "Read":
        series = await all_series(session)
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
