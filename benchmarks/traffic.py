"""Requests to twenty endpoints over months, the same in every run: raw, and as Subpulse keeps them.

Each endpoint's durations are a mixture of two lognormals, a body and a slow tail of 3 to 12 %, medians from 2 to
800 ms; one of two hundred fails. The day has its hours: at four in the morning a third of the noon's requests come.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from db import histogram
from db.levels import HOUR, STEP
from db.packed import Counted

ENDPOINTS = 20
MEDIANS = np.geomspace(0.002, 0.8, ENDPOINTS)  # seconds
SPREADS = np.linspace(0.35, 0.8, ENDPOINTS)  # of the logarithms
TAIL_SHARES = np.linspace(0.03, 0.12, ENDPOINTS)
TAIL_FACTOR = 6
FAILED_SHARE = 0.005
OK, FAILED = 200, 503
# PostgreSQL's binary COPY: each value with its length before it, all big-endian; times in µs since 2000.
POSTGRESQL_EPOCH = 946_684_800
COPY_ROW = np.dtype(
    {
        "names": ["fields", "l1", "at", "l2", "endpoint", "l3", "status", "l4", "seconds"],
        "formats": [">i2", ">i4", ">i8", ">i4", ">i4", ">i4", ">i2", ">i4", ">f8"],
    }
)
COPY_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
COPY_END = b"\xff\xff"


@dataclass(frozen=True, slots=True)
class Requests:
    """Some hour's requests, by when they ended: offsets from its begin in seconds, durations in seconds."""

    offset: NDArray[np.float64]
    endpoint: NDArray[np.int64]
    status: NDArray[np.int64]
    seconds: NDArray[np.float64]

    def rows(self, begin: int) -> bytes:
        """As rows of binary COPY into (at, endpoint, status, seconds)."""
        rows = np.empty(len(self.offset), COPY_ROW)
        rows["fields"], rows["l1"], rows["l2"], rows["l3"], rows["l4"] = 4, 8, 4, 2, 8
        rows["at"] = ((begin - POSTGRESQL_EPOCH + self.offset) * 1e6).astype(np.int64)
        rows["endpoint"], rows["status"], rows["seconds"] = self.endpoint, self.status, self.seconds
        return rows.tobytes()

    def counted(self) -> Counted:
        """As Subpulse counts them in intervals of 10 s; a series is 2 x endpoint + 1, one more if it failed."""
        series = 2 * self.endpoint + 1 + (self.status == FAILED)
        interval = (self.offset // STEP).astype(np.int64)
        return Counted(
            series,
            histogram.buckets_of(self.seconds),
            interval,
            np.ones(len(series), np.int64),
        )


def series() -> Iterator[tuple[str, str, int]]:
    """Route, method and status class of each series, in the order of their numbers from 1 on."""
    for endpoint in range(ENDPOINTS):
        yield (route(endpoint), "GET", 2)
        yield (route(endpoint), "GET", 5)


def route(endpoint: int) -> str:
    return f"/bench/{endpoint}"


def an_hour(begin: int, mean_count: float) -> Requests:
    """The requests of the hour that begins then, always the same; `mean_count` is the mean of all hours."""
    rng = np.random.default_rng(begin)
    count = rng.poisson(mean_count * _busy(begin))
    offset = np.sort(rng.uniform(0, HOUR, count))
    endpoint = rng.integers(0, ENDPOINTS, count)
    tail = rng.random(count) < TAIL_SHARES[endpoint]
    middle = np.log(MEDIANS[endpoint]) + tail * np.log(TAIL_FACTOR)
    seconds = np.exp(rng.normal(middle, SPREADS[endpoint]))
    status = np.where(rng.random(count) < FAILED_SHARE, FAILED, OK)
    return Requests(offset, endpoint, status, seconds)


def an_hour_counted(begin: int, mean_count: float, expected: NDArray[np.float64]) -> Counted:
    """As `an_hour(...).counted()` with the hour as one interval, drawn from how many each bucket may expect.

    Args:
        expected: shares of all requests, shape (series, BUCKETS), as `expected` gives them.
    """
    rng = np.random.default_rng(begin)
    times = rng.poisson(mean_count * _busy(begin) * expected)
    place, bucket = np.nonzero(times)
    return Counted(place + 1, bucket, np.zeros_like(place), times[place, bucket])


def expected() -> NDArray[np.float64]:
    """Which share of all requests falls into each bucket of each series, shape (series, BUCKETS)."""
    shares = np.zeros((2 * ENDPOINTS, histogram.BUCKETS))
    for hour in range(20):
        counted = an_hour(hour * HOUR, 100_000).counted()
        np.add.at(shares, (counted.series - 1, counted.bucket), 1)
    total: float = shares.sum()
    return np.asarray(shares / total, np.float64)


def _busy(begin: int) -> float:
    """Of the mean hour: 0.5 at four in the morning, 1.5 twelve hours later."""
    return float(1 + 0.5 * np.sin(2 * np.pi * (begin / HOUR - 10) / 24))
