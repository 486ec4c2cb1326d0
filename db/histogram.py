"""Durations in logarithmic buckets: small, mergeable, each quantile within 1 %.

Bucket i holds durations in (γ^(i-1), γ^i] microseconds with γ = (1+α)/(1-α), α = 0.01; answering with the
bucket's middle 2γ^i/(γ+1) is then off by α at most (Masson, Rim and Lee, DDSketch, VLDB 2019, section 2.1).
Stored as pairs of little-endian (uint16 bucket, uint32 count): concatenating two of them merges them, so
PostgreSQL merges any range with one `string_agg`.
"""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

ALPHA = 0.01
GAMMA = (1 + ALPHA) / (1 - ALPHA)
BUCKETS = 1200  # 1 µs to 26,000 s
_PER_LN = 1 / math.log(GAMMA)
_PAIR = np.dtype([("bucket", "<u2"), ("count", "<u4")])
_MIDDLES = 2 * GAMMA ** np.arange(BUCKETS) / (GAMMA + 1) / 1e6

Counts = NDArray[np.int64]


def counts_of(durations: Iterable[float]) -> Counts:
    """Counts per bucket, shape (BUCKETS,), of durations in seconds.

    Shorter than 1 µs counts as 1 µs, longer than the last bucket as the last.
    """
    microseconds = np.maximum(np.fromiter(durations, float) * 1e6, 1.0)
    index = np.minimum(np.ceil(np.log(microseconds) * _PER_LN), BUCKETS - 1).astype(np.int64)
    return np.bincount(index, minlength=BUCKETS)


def encode(counts: Counts) -> bytes:
    """Counts as bytes; buckets without a duration take no room."""
    used = np.flatnonzero(counts)
    pairs = np.empty(len(used), _PAIR)
    pairs["bucket"], pairs["count"] = used, counts[used]
    return pairs.tobytes()


def decode(data: bytes | memoryview) -> Counts:
    """Counts of one or several concatenated encodings, merged.

    Raises:
        ValueError: when the length is not a whole number of pairs, or a bucket is out of range.
    """
    pairs = np.frombuffer(data, _PAIR)
    if len(pairs) and int(pairs["bucket"].max()) >= BUCKETS:
        raise ValueError(f"a histogram names bucket {int(pairs['bucket'].max())}; the last is {BUCKETS - 1}")
    return np.bincount(pairs["bucket"], weights=pairs["count"], minlength=BUCKETS).astype(np.int64)


def quantiles(counts: Counts, shares: Sequence[float]) -> list[float | None]:
    """Durations in seconds below which each share (0 to 1) of the counted ones lies; None when empty."""
    total = int(counts.sum())
    if not total:
        return [None] * len(shares)
    ranks = np.ceil(np.asarray(shares) * total).clip(1, total)
    return [float(value) for value in _MIDDLES[np.searchsorted(np.cumsum(counts), ranks)]]
