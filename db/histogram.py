"""Durations in logarithmic buckets: small, mergeable, each quantile within 1 %.

Bucket i holds durations in (γ^(i-1), γ^i] microseconds with γ = (1+α)/(1-α), α = 0.01; answering with the
bucket's middle 2γ^i/(γ+1) is then off by α at most (Masson, Rim and Lee, DDSketch, VLDB 2019, section 2.1).
How counts are stored: db/packed.py.
"""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

ALPHA = 0.01
GAMMA = (1 + ALPHA) / (1 - ALPHA)
BUCKETS = 1200  # 1 µs to 26,000 s
_PER_LN = 1 / math.log(GAMMA)
_MIDDLES = 2 * GAMMA ** np.arange(BUCKETS) / (GAMMA + 1) / 1e6

Counts = NDArray[np.int64]


def counts_of(durations: Iterable[float]) -> Counts:
    """Counts per bucket, shape (BUCKETS,), of durations in seconds."""
    return np.bincount(buckets_of(np.fromiter(durations, float)), minlength=BUCKETS)


def buckets_of(seconds: NDArray[np.float64]) -> Counts:
    """The bucket of each duration; shorter than 1 µs counts as 1 µs, longer than the last bucket as the last."""
    microseconds = np.maximum(seconds * 1e6, 1.0)
    return np.minimum(np.ceil(np.log(microseconds) * _PER_LN), BUCKETS - 1).astype(np.int64)


def bucket_of(seconds: float) -> int:
    """The bucket of one duration."""
    microseconds = seconds * 1e6
    return min(math.ceil(math.log(microseconds) * _PER_LN), BUCKETS - 1) if microseconds > 1 else 0


def quantiles(counts: Counts, shares: Sequence[float]) -> list[float | None]:
    """Durations in seconds below which each share (0 to 1) of the counted ones lies; None when empty."""
    total = int(counts.sum())
    if not total:
        return [None] * len(shares)
    ranks = np.ceil(np.asarray(shares) * total).clip(1, total)
    return [float(value) for value in _MIDDLES[np.searchsorted(np.cumsum(counts), ranks)]]


def quantiles_by_row(counts: Counts, shares: Sequence[float]) -> list[list[float | None]]:
    """For each share, the quantile of every row of `counts`, shape (rows, BUCKETS); None for empty rows."""
    sums = np.cumsum(counts, axis=1)
    totals = sums[:, -1]
    found: list[list[float | None]] = []
    for share in shares:
        ranks = np.ceil(share * totals).clip(1)
        middles = _MIDDLES[(sums >= ranks[:, None]).argmax(axis=1)]
        found.append([float(m) if n else None for m, n in zip(middles, totals, strict=True)])
    return found


def mean(counts: Counts) -> float | None:
    """The mean in seconds, within 1 %; None when empty."""
    total = counts.sum()
    return float(counts @ _MIDDLES / total) if total else None


def share_within(counts: Counts, seconds: float) -> float | None:
    """Which share (0 to 1) took at most so long, the bucket of `seconds` counted as within; None when empty."""
    total = counts.sum()
    last = int(buckets_of(np.array([seconds]))[0])
    return float(counts[: last + 1].sum() / total) if total else None


def apdex(counts: Counts, target_seconds: float) -> float | None:
    """(satisfied + tolerating / 2) / all: within the target, and within four times it; None when empty.

    Source: Apdex Technical Specification 1.1, section 2. Failed requests count as the caller has them in `counts`.
    """
    satisfied, tolerated = share_within(counts, target_seconds), share_within(counts, 4 * target_seconds)
    return None if satisfied is None or tolerated is None else (satisfied + tolerated) / 2
