"""Latency over time as a heat map: rows of equal ratio, the fuller the more requests, empty where there were none."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dashboard import charts, format
from dashboard.ranges import TimeAxis

ROWS_PER_DECADE = 6
HEIGHT = 260
LABEL_ROOM = 0.1  # of the chart's height, over the objective
# One hue, from faint to full: told apart by whoever cannot tell colours, and upon a dark or a light background.
FAINT_TO_FULL = ((0, "rgba(64, 138, 240, 0.14)"), (1, "rgba(64, 138, 240, 1)"))


def latency(
    at: Sequence[datetime],
    counts: Any,
    bucket_ends: Sequence[float],
    zone: tzinfo,
    axis: TimeAxis,
    objective_ms: float | None = None,
) -> go.Figure:
    """A column per step, a row per sixth of a decade.

    Args:
        at: where each step begins.
        counts: requests per step and bucket, shape (steps, buckets).
        bucket_ends: where each bucket ends, in seconds.
    """
    edges, rows = _rows(np.asarray(counts), np.asarray(bucket_ends) * 1e3)
    figure = go.Figure()
    if len(rows):
        ends = [*at, at[-1] + timedelta(seconds=axis.step_seconds)]
        names = [f"{_name(low)} to {_name(high)}" for low, high in pairwise(edges)]
        figure.add_heatmap(
            x=[charts.clock(moment, zone) for moment in ends],
            y=edges,
            z=[[math.log10(n + 1) if n else None for n in row] for row in rows],
            text=[[f"{n:,} took {name}" for n in row] for row, name in zip(rows, names, strict=True)],
            colorscale=FAINT_TO_FULL,
            zmin=0,
            showscale=False,
            hoverongaps=False,
            hovertemplate="%{text}<extra></extra>",
            name="requests",
        )
    charts.calm(figure, "Milliseconds", HEIGHT)
    figure.update_layout(hovermode="closest")
    figure.update_yaxes(type="log", rangemode="normal", tickformat=",~r", dtick=1)
    if not len(rows):
        return charts.over(axis, zone, figure)
    bottom, top = math.log10(edges[0]), math.log10(edges[-1])
    if objective_ms is not None and edges[0] < objective_ms < edges[-1]:
        charts.draw_threshold(figure, objective_ms, f"objective for p95: {objective_ms:,g} ms")
        top = max(top, math.log10(objective_ms) + LABEL_ROOM * (top - bottom))
    figure.update_yaxes(range=[bottom, top])
    return charts.over(axis, zone, figure)


def _rows(counts: Any, ends_ms: Any) -> tuple[list[float], list[list[int]]]:
    """(edges in ms, counts by row and step) of the rows between the quickest and the slowest request."""
    used = np.flatnonzero(counts.sum(axis=0))
    if not len(used):
        return [], []
    row_of = np.floor(np.log10(ends_ms) * ROWS_PER_DECADE - 1e-9).astype(int)
    first, last = int(row_of[used[0]]), int(row_of[used[-1]])
    rows = np.zeros((last - first + 1, len(counts)), np.int64)
    for bucket in used:
        rows[row_of[bucket] - first] += counts[:, bucket]
    edges = [10 ** (row / ROWS_PER_DECADE) for row in range(first, last + 2)]
    return edges, rows.tolist()


def _name(milliseconds: float) -> str:
    return format.duration(milliseconds / 1e3)
