"""Charts of one namespace, or of all of them together, on the shared time axis."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import plotly.graph_objects as go
import streamlit as st

from dashboard import charts, format, limits, line_names, parts, time_axis
from dashboard.data import Row
from dashboard.data.caches import History
from dashboard.ranges import STEPS, TimeAxis

HEIGHT = 170
SETTLED_SECONDS = 120  # of a step; the ten seconds that are not stored yet make no dent in a longer one
# The second line is amber, which is for what should be rare.
LOOKUPS = {"hits": "hits", "stale": "stale", "misses": "misses"}
DROPPED = {"forgotten": "forgotten", "evictions": "evicted", "expirations": "expired"}


def show(name: str | None, bounds: Row | None, past: History, axis: TimeAxis) -> None:
    """Hit rate and lookups over the whole width, then what they saved, what was dropped, and how full it was.

    Args:
        name: of the namespace; None for all.
        bounds: max_items and max_bytes of the one; None for all.
    """
    axis = replace(axis, step_seconds=past.step_seconds)
    steps, whose = settled(past.steps(name), axis), name or "all namespaces"
    told = f"of {format.plain(whose)}"
    time_axis.chart(
        charts.hit_rate(_known(steps, "hit_rate"), parts.viewer_zone(), axis),
        "Hit rate", f"Hit rate of {whose} over time, in percent", axis,
        f"percent of lookups, {told}, steps of {format.duration(axis.step_seconds)}",
    )  # fmt: skip
    _rates("Lookups", steps, LOOKUPS, 1, f"per second, {told}", axis)
    with st.grid(2, min_column_width=320):
        _saved(steps, axis)
        _rates("Answers dropped", steps, DROPPED, 60, "per minute", axis, narrow=True)
        _kept("Answers kept", steps, "items", 1, bounds["max_items"] if bounds else None, axis)
        _kept("Size", steps, "bytes", 1 / format.MIB, bounds["max_bytes"] if bounds else None, axis)


def settled(steps: Sequence[Row], axis: TimeAxis) -> Sequence[Row]:
    """Without the last step while so little of it is over that what is not stored yet would look like a fall."""
    if not steps or not axis.live:
        return steps
    last = steps[-1]["at"]
    is_stored = last + timedelta(seconds=axis.step_seconds + STEPS[0]) <= axis.until
    return steps if is_stored or charts.seconds_within(last, axis) >= SETTLED_SECONDS else steps[:-1]


def per_second(steps: Sequence[Row], figure: str, axis: TimeAxis) -> list[Row]:
    """at and mean: what was counted in each step, by its length within the range."""
    return [
        {"at": step["at"], "mean": step[figure] / charts.seconds_within(step["at"], axis)}
        for step in steps
        if step[figure] is not None
    ]


def _known(steps: Sequence[Row], figure: str) -> list[Row]:
    return [{"at": step["at"], "mean": step[figure]} for step in steps if step[figure] is not None]


def _rates(
    title: str,
    steps: Sequence[Row],
    names: Mapping[str, str],
    scale: float,
    note: str,
    axis: TimeAxis,
    narrow: bool = False,
) -> None:
    lines = {name: per_second(steps, figure, axis) for figure, name in names.items()}
    unit = note.partition(",")[0].capitalize()
    figure = charts.lines(
        lines, parts.viewer_zone(), axis, unit, reading="%{y:,.2f}", scale=scale, height=HEIGHT
    )
    line_names.above(figure)
    _from_zero(figure, max((step["mean"] for each in lines.values() for step in each), default=0) * scale)
    time_axis.chart(figure, title, f"{title} over time, {note}", axis, note, narrow=narrow)


def _saved(steps: Sequence[Row], axis: TimeAxis) -> None:
    saved = per_second(steps, "saved_ms", axis)
    figure = charts.lines(
        {"saved": saved}, parts.viewer_zone(), axis, "Milliseconds", reading="%{y:,.1f} ms", height=HEIGHT
    )
    _from_zero(figure, max((step["mean"] for step in saved), default=0))
    note = "of computing that hits spared each second"
    time_axis.chart(figure, "Time saved", f"Milliseconds {note}, over time", axis, f"ms {note}", narrow=True)


def _kept(
    title: str, steps: Sequence[Row], name: str, scale: float, most: float | None, axis: TimeAxis
) -> None:
    is_size = name == "bytes"
    rows = _known(steps, name)
    figure = charts.lines(
        {title: rows}, parts.viewer_zone(), axis, "MiB" if is_size else "Answers",
        reading="%{y:,.2f} MiB" if is_size else "%{y:,.0f}", scale=scale, height=HEIGHT,
    )  # fmt: skip
    highest = max((step["mean"] for step in rows), default=0) * scale
    _from_zero(figure, highest)
    far = ""
    if most is not None:
        written = format.size(most) if is_size else f"{most:,}"
        far = limits.draw(figure, highest, [limits.Limit(most * scale, "at most", written)])
    unit = "MiB, keys included" if is_size else "in the memory of a process"
    time_axis.chart(
        figure, title, f"{title} over time, {unit}", axis, " · ".join(filter(None, (unit, far))), narrow=True
    )


def _from_zero(figure: go.Figure, highest: float) -> None:
    """A scale for what was zero all the time."""
    if not highest:
        figure.update_yaxes(range=[0, 1])
