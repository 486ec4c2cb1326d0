"""Our log buckets as Prometheus's: `le` edges for its text formats, a native histogram for protobuf.

A bucket of ours goes where its middle lies. The middle is within 1 % of every duration in it (db/histogram.py), so an
edge is told exactly for all durations but those within 1 % of it.

The text formats repeat all labels on a line for each edge, so there are few: six round ones per decade, each 1.33 to
1.67 times the one before, from 1 ms, below which no objective lies, to 60 s, where clients have given up. Powers of
2^(1/2) would be a little more even and unreadable (`le="0.0113"`), and an objective in round figures, as most are,
would lie between two of them. Objectives that are no edge yet become one (api/figures.py), so that the share of
requests within each is exact. Prometheus's default edges stop at 10 s and are up to 2.5 times apart.
"""

import numpy as np
from numpy.typing import NDArray

from db.histogram import BUCKETS, GAMMA, Counts

ROUND = (1, 1.5, 2, 3, 5, 7)
EDGES = (*(round(one * 10.0**power, 4) for power in (-3, -2, -1, 0) for one in ROUND), 10.0, 20.0, 30.0, 60.0)

SCHEMA = 3  # of native histograms: bucket i holds (2^((i-1)/8), 2^(i/8)] seconds, each 9 % wide
_MIDDLES = 2 * GAMMA ** np.arange(BUCKETS) / (GAMMA + 1) / 1e6
_NATIVE = np.ceil(np.log2(_MIDDLES) * 2**SCHEMA).astype(np.int64)
_FIRST_NATIVE = int(_NATIVE[0])


def last_bucket_within(edges: tuple[float, ...]) -> NDArray[np.intp]:
    """For each edge in seconds, our last bucket within it; -1 when even the first is beyond."""
    return np.searchsorted(_MIDDLES, edges, side="right") - 1


def native(counts: Counts) -> tuple[list[tuple[int, int]], list[int]]:
    """(spans, deltas) as native histograms have them.

    A span is (buckets passed over since the last one told, or since bucket 0; buckets told); only the first of the
    two may be negative. A delta is a bucket's count less that of the bucket told before it.
    """
    told = np.bincount(_NATIVE - _FIRST_NATIVE, weights=counts).astype(np.int64)
    used = np.flatnonzero(told)
    spans: list[tuple[int, int]] = []
    following = 0
    for bucket in (used + _FIRST_NATIVE).tolist():
        if spans and bucket == following:
            spans[-1] = (spans[-1][0], spans[-1][1] + 1)
        else:
            spans.append((bucket - following, 1))
        following = bucket + 1
    return spans, np.diff(told[used], prepend=0).tolist()
