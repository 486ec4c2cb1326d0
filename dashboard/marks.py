"""What happened beside what a chart shows: bands where jobs ran, thin labelled lines where something was deployed.

Pure functions from rows to shapes. Bands have no colour but opacity: the darker, the more ran at once. Runs too short
to be seen are left out unless they failed, so that two years can be read as well as five minutes; the hover names
what ran at a moment, also the short ones, as far as they were asked for.
"""

import html
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from itertools import pairwise
from typing import Any

import plotly.graph_objects as go

from dashboard import charts, format
from dashboard.ranges import TimeAxis

Row = dict[str, Any]
Band = tuple[float, float, int]  # from, to (epoch seconds), how many ran at once
SEEN = 600  # a run takes part in the bands when it is longer than this part of the range
NARROWEST = 400  # a band is drawn no narrower than this part of the range
MOST_BANDS = 200
OPACITY = {1: 0.10, 2: 0.17, 3: 0.24}  # by how many ran at once
LINES_IN_HOVER = 4
LABEL_ROOM = 0.12
LABEL_ROOM_ON_A_PHONE = 0.5
MOST_LINES = 100
LABEL_LENGTH = 18
LABEL_PIXELS = 16
BAD = ("failed", "lost")
SIGNS = {"failed": "✕ ", "lost": "? ", "running": "● "}


@dataclass(frozen=True, slots=True)
class Marks:
    """Job runs (job, outcome, started_at, finished_at or None) and deployments (at, version, what)."""

    runs: Sequence[Row] = field(default_factory=tuple)
    deployments: Sequence[Row] = field(default_factory=tuple)


def mark(
    figure: go.Figure, marks: Marks, axis: TimeAxis, zone: tzinfo, room: float = LABEL_ROOM
) -> go.Figure:
    """The figure with its bands, lines and, in its hover, what they are. Its x axis must be time in `zone`.

    Args:
        room: which part of the chart's width a deployment's label takes.
    """
    _draw_bands(figure, bands(marks.runs, axis), zone)
    _draw_deployments(figure, marks.deployments, axis, zone, room)
    _tell_in_hover(figure, told(marks, axis), zone)
    return figure


def bands(runs: Sequence[Row], axis: TimeAxis) -> list[Band]:
    """Where jobs ran, oldest first, MOST_BANDS at most: neighbours are joined until so few are left."""
    begin, end = axis.since.timestamp(), axis.until.timestamp()
    narrowest, seen = axis.seconds / NARROWEST, axis.seconds / SEEN
    changes: Counter[float] = Counter()
    for run in runs:
        since, until = _ends(run, end)
        if until - since < seen and run["outcome"] not in BAD:
            continue
        changes[max(since, begin)] += 1
        changes[min(max(until, since + narrowest), end)] -= 1
    found: list[Band] = []
    count = 0
    for at, then in pairwise(sorted(changes)):
        count += changes[at]
        at_once = min(count, max(OPACITY))
        if count > 0 and found and found[-1][1:] == (at, at_once):
            found[-1] = (found[-1][0], then, at_once)
        elif count > 0:
            found.append((at, then, at_once))
    gap = narrowest
    while len(found) > MOST_BANDS:
        found, gap = _joined(found, gap), gap * 2
    return found


def _joined(found: Sequence[Band], gap: float) -> list[Band]:
    """Neighbours closer than `gap` seconds as one band, as light as the lightest of them."""
    joined = [found[0]]
    for since, until, at_once in found[1:]:
        last = joined[-1]
        if since - last[1] <= gap:
            joined[-1] = (last[0], until, min(last[2], at_once))
        else:
            joined.append((since, until, at_once))
    return joined


def _ends(run: Row, now: float) -> tuple[float, float]:
    """When it began and ended, epoch seconds; what still runs has not ended."""
    finished = run["finished_at"]
    return run["started_at"].timestamp(), finished.timestamp() if finished else now


def told(marks: Marks, axis: TimeAxis) -> list[tuple[datetime, str]]:
    """(begin, text) of each step in which something happened: what was deployed, and which jobs ran."""
    step = axis.step_seconds
    first, end = int(axis.since.timestamp() // step), axis.until.timestamp()
    runs: dict[int, list[Row]] = {}
    for run in marks.runs:
        since, until = _ends(run, end)
        for index in range(max(int(since // step), first), int(min(until, end) // step) + 1):
            runs.setdefault(index, []).append(run)
    deployed: dict[int, list[Row]] = {}
    for one in marks.deployments:
        deployed.setdefault(int(one["at"].timestamp() // step), []).append(one)
    return [
        (
            datetime.fromtimestamp(index * step, UTC),
            "<br>".join([*_deployed(deployed.get(index, [])), *_ran(runs.get(index, []), end)]),
        )
        for index in sorted(runs.keys() | deployed.keys())
    ]


def _deployed(found: Sequence[Row]) -> Iterator[str]:
    for one in found[:LINES_IN_HOVER]:
        yield f"deployed: {html.escape(name_of(one)[:120], quote=False)}"


def _ran(found: Sequence[Row], now: float) -> Iterator[str]:
    """Those that failed first, then the longest; the same job with the same outcome in one line."""
    longest: dict[tuple[str, str], float] = {}
    times: Counter[tuple[str, str]] = Counter()
    for run in found:
        since, until = _ends(run, now)
        key = (run["job"], run["outcome"])
        longest[key] = max(longest.get(key, 0.0), until - since)
        times[key] += 1
    order = sorted(longest, key=lambda key: (key[1] not in BAD, -longest[key]))
    for job, outcome in order[:LINES_IN_HOVER]:
        count = times[job, outcome]
        took = format.duration(longest[job, outcome])
        many = f" {count:,} times, at most {took}" if count > 1 else f" {took}"
        yield f"{SIGNS.get(outcome, '')}{html.escape(job, quote=False)}{many}, {outcome}"
    if len(order) > LINES_IN_HOVER:
        yield f"and {len(order) - LINES_IN_HOVER} more"


def name_of(deployment: Row) -> str:
    """What went out, in the operator's words or as a version."""
    return str(deployment["what"] or deployment["version"])


def _draw_bands(figure: go.Figure, found: Sequence[Band], zone: tzinfo) -> None:
    """One path for each opacity, however many bands."""
    for count, opacity in OPACITY.items():
        boxes = [
            f"M{a},0L{a},1L{b},1L{b},0Z"
            for a, b in (
                (_in_path(since, zone), _in_path(until, zone))
                for since, until, at_once in found
                if at_once == count
            )
        ]
        if boxes:
            figure.add_shape(
                type="path", path="".join(boxes), xref="x", yref="paper", layer="below", name="jobs",
                line={"width": 0}, fillcolor=charts.GRAY, opacity=opacity,
            )  # fmt: skip


def _draw_deployments(
    figure: go.Figure, deployments: Sequence[Row], axis: TimeAxis, zone: tzinfo, room: float
) -> None:
    """A line each; a label where there is room, and with it the number of those that had none."""
    shown = sorted(deployments, key=lambda one: one["at"])[-MOST_LINES:]
    if not shown:
        return
    figure.update_layout(
        margin={"t": (figure.layout.margin.t or 0) + LABEL_PIXELS},
        height=(figure.layout.height or 0) + LABEL_PIXELS,
    )
    if figure.layout.showlegend:  # it stands above the chart, where the labels go now
        plot = figure.layout.height - figure.layout.margin.t
        figure.update_layout(legend={"y": (figure.layout.legend.y or 1) + LABEL_PIXELS / plot})
    for one in shown:
        at = charts.clock(one["at"], zone)
        figure.add_shape(
            type="line", x0=at, x1=at, y0=0, y1=1, xref="x", yref="paper", name="deployment",
            line={"width": 1, "color": charts.TEXT}, opacity=0.55,
        )  # fmt: skip
    for group in _groups(shown, axis, room):
        name, more = name_of(group[0]), len(group) - 1
        label = name if len(name) <= LABEL_LENGTH else f"{name[: LABEL_LENGTH - 1]}…"
        late = _place(group[0], axis) > 1 - room
        figure.add_annotation(
            x=charts.clock(group[0]["at"], zone), y=1, xref="x", yref="paper", yanchor="bottom",
            xanchor="right" if late else "left", xshift=3 if late else -3, showarrow=False, name="deployment",
            text=html.escape(label, quote=False) + (f" +{more}" if more else ""),
            font={"size": 11, "color": charts.TEXT},
        )  # fmt: skip


def _place(deployment: Row, axis: TimeAxis) -> float:
    """Where in the range, from 0 to 1."""
    return float((deployment["at"] - axis.since).total_seconds() / axis.seconds)


def _groups(deployments: Sequence[Row], axis: TimeAxis, room: float) -> list[list[Row]]:
    """Deployments by label: one that has no room beside the label before goes with it."""
    groups: list[list[Row]] = []
    free = -1.0
    for one in deployments:
        place = _place(one, axis)
        begin, end = (place - room, place) if place > 1 - room else (place, place + room)
        if groups and begin < free:
            groups[-1].append(one)
        else:
            groups.append([one])
            free = end
    return groups


def _tell_in_hover(figure: go.Figure, told_at: Sequence[tuple[datetime, str]], zone: tzinfo) -> None:
    """A trace that is never seen, on an axis of its own, so that it carries words into any chart's hover."""
    if not told_at:
        return
    figure.add_scatter(
        x=[charts.clock(at, zone) for at, _ in told_at],
        y=[0] * len(told_at),
        text=[text for _, text in told_at],
        name="happened",
        mode="lines",
        line={"width": 0, "color": "rgba(0,0,0,0)"},
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
        yaxis="y9",
    )
    figure.update_layout(
        yaxis9={"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True, "anchor": "x"}
    )


def _in_path(epoch: float, zone: tzinfo) -> str:
    """A moment as Plotly wants it within a path: with an underscore for the T."""
    return charts.clock(datetime.fromtimestamp(epoch, UTC), zone).replace("T", "_")
