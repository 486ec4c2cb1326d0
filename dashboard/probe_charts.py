"""One probe over time, as a pure function: how long its checks took, which failed, and when it was down."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

import plotly.graph_objects as go

from dashboard import charts, format
from dashboard.data import Row
from dashboard.ranges import TimeAxis

NARROWEST = 300  # an outage is drawn no narrower than this part of the range
MOST_BANDS = 200
LABELLED = 12  # an outage longer than this part of the range has its word written into it
GAP = 2.5  # a line is broken where so many checks in a row are missing
FEW_POINTS = 40  # so many can be dots; more are a line


@dataclass(frozen=True, slots=True)
class Step:
    """The checks of one step: where it begins, seconds, and how many failed. Without any, p50 and p95 are None."""

    at: datetime
    p50: float | None
    p95: float | None
    failed: int = 0


def checks(
    steps: Sequence[Step], outages: Sequence[Row], every_seconds: float, axis: TimeAxis, zone: tzinfo
) -> go.Figure:
    """p50 and p95 in milliseconds, crosses where checks failed, and red bands where the probe was down.

    Args:
        outages: began_at and ended_at (None while it lasts), the newest first.
        every_seconds: how far checks lie apart; the lines are broken where some are missing.
    """
    steps = with_gaps(steps, GAP * max(every_seconds, axis.step_seconds))
    times = [charts.clock(step.at, zone) for step in steps]
    figure = go.Figure()
    _add_line(figure, times, "p50", [step.p50 for step in steps], charts.GRAY, 1.2, "bottom right")
    _add_line(figure, times, "p95", [step.p95 for step in steps], charts.ACCENT, 1.8, "top right")
    bad = [(time, step.failed) for time, step in zip(times, steps, strict=True) if step.failed]
    figure.add_scatter(
        x=[time for time, _ in bad], y=[0] * len(bad), customdata=[count for _, count in bad], name="failed",
        mode="markers", marker={"symbol": "x", "size": 8, "color": charts.RED}, cliponaxis=False,
        hovertemplate="%{customdata:,}",
    )  # fmt: skip
    charts.calm(figure, "Milliseconds", 250)
    for outage in outages[:MOST_BANDS]:
        _draw_outage(figure, outage, axis, zone)
    return charts.over(axis, zone, figure)


def with_gaps(steps: Sequence[Step], longest: float) -> list[Step]:
    """The steps with checks, and an empty one wherever two of them lie further apart than `longest` seconds."""
    spaced: list[Step] = []
    for step in steps:
        if step.p50 is None:
            continue
        if spaced and (step.at - spaced[-1].at).total_seconds() > longest:
            spaced.append(Step(spaced[-1].at + timedelta(seconds=longest / 2), None, None))
        spaced.append(step)
    return spaced


def _add_line(
    figure: go.Figure, times: Sequence[str], name: str, seconds: Sequence[float | None], color: str, width: float,
    place: str,
) -> None:  # fmt: skip
    """A line in milliseconds with its name where it ends, so that no legend is needed."""
    values = [format.milliseconds(one) for one in seconds]
    last = max((i for i, one in enumerate(values) if one is not None), default=None)
    figure.add_scatter(
        x=times, y=values, name=name, mode=_mode(values), line={"color": color, "width": width},
        marker={"size": 5, "color": color}, hovertemplate="%{y:,.1f} ms", cliponaxis=False,
        text=[f" {name}" if i == last else "" for i in range(len(values))], textposition=place,
        textfont={"color": color},
    )  # fmt: skip


def _mode(values: Sequence[float | None]) -> str:
    few = sum(one is not None for one in values) <= FEW_POINTS
    return "lines+markers+text" if few else "lines+text"


def _draw_outage(figure: go.Figure, outage: Row, axis: TimeAxis, zone: tzinfo) -> None:
    since = max(outage["began_at"], axis.since)
    until = min(outage["ended_at"] or axis.until, axis.until)
    long = (until - since).total_seconds() * LABELLED > axis.seconds
    until = max(until, since + timedelta(seconds=axis.seconds / NARROWEST))
    figure.add_shape(
        type="rect", xref="x", yref="paper", x0=charts.clock(since, zone), x1=charts.clock(until, zone), y0=0, y1=1,
        layer="below", name="outage", fillcolor=charts.RED, opacity=0.16, line={"width": 0},
    )  # fmt: skip
    if long:
        figure.add_annotation(
            x=charts.clock(since, zone), y=1, xref="x", yref="paper", xanchor="left", yanchor="top",
            text="✕ down", showarrow=False, font={"color": charts.RED, "size": 11},
        )  # fmt: skip
