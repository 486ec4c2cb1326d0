"""How far off p95 is: ours, and Prometheus's default buckets, against the exact one of the same durations.

A busy hour of 20 endpoints (benchmarks/traffic.py). Ours comes out of db.histogram; theirs out of the buckets that
prometheus_client uses where none are given, as Prometheus's `histogram_quantile` reads them: linearly inside of a
bucket, the first from 0 on, and the highest finite edge where the quantile lies above it. Exact is the quantile of
the durations themselves, between two of them linearly, as `percentile_cont` has it.
"""

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks import traffic
from benchmarks.figure import Goal, Reading
from benchmarks.lab import Lab
from benchmarks.summary import median
from db import histogram

SHARE = 0.95
DURATIONS, QUICK_DURATIONS = 2_000_000, 200_000


def run(lab: Lab) -> list[Reading]:
    asked = traffic.an_hour(0, QUICK_DURATIONS if lab.quick else DURATIONS)
    edges = default_edges()
    ours, theirs = [], []
    for endpoint in range(traffic.ENDPOINTS):
        seconds = asked.seconds[asked.endpoint == endpoint]
        exact = float(np.quantile(seconds, SHARE))
        (found,) = histogram.quantiles(histogram.counts_of(seconds), [SHARE])
        ours.append(percent_off(found or 0.0, exact))
        theirs.append(percent_off(histogram_quantile(SHARE, seconds, edges), exact))
    raw = {"ours_percent": ours, "prometheus_percent": theirs, "edges_s": list(edges)}
    return [
        Reading("The most that p95 of 20 endpoints is off", max(ours), "%", Goal(1), raw),
        Reading("The same with Prometheus's default buckets", max(theirs), "%"),
        Reading("Ours against theirs, the most", max(ours) / max(theirs), "×", Goal(0.1)),
        Reading("Ours against theirs, the median endpoint", median(ours) / median(theirs), "×", Goal(0.1)),
    ]


def percent_off(found: float, exact: float) -> float:
    return 100 * abs(found - exact) / exact


def default_edges() -> Sequence[float]:
    """The finite upper edges in seconds; the peer is imported here, because only `make bench` installs it."""
    from prometheus_client import Histogram

    return [edge for edge in Histogram.DEFAULT_BUCKETS if edge != float("inf")]


def histogram_quantile(share: float, seconds: NDArray[np.float64], edges: Sequence[float]) -> float:
    """What Prometheus would answer for durations counted in buckets with those finite upper edges.

    Source: Prometheus documentation, Query functions, `histogram_quantile()` of classic histograms.
    """
    counted = np.searchsorted(np.sort(seconds), edges, side="right")  # at most so long, by edge
    rank = share * len(seconds)
    place = bisect_left(counted.tolist(), rank)
    if place == len(edges):
        return edges[-1]
    begin, before = (edges[place - 1], counted[place - 1]) if place else (0.0, 0)
    return float(begin + (edges[place] - begin) * (rank - before) / (counted[place] - before))
