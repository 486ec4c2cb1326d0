"""The charts that a page draws once per rerun, as pure functions from rows to a Plotly figure.

Streamlit draws them in the theme's palette, whose first three colours are the accent, amber and grey.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any

import plotly.graph_objects as go

from dashboard import format
from dashboard.ranges import STEPS, TimeAxis

Row = dict[str, Any]
LEFT, RIGHT = 62, 34  # pixels beside every chart of a time axis, so that they are aligned one above the other
LABEL_PIXELS = 13  # a line of small text
# For these Streamlit's frontend puts colours of the theme, by their number; the tenth is that of text.
ACCENT, AMBER, GRAY, RED, MAUVE, TEXT = "#000001", "#000002", "#000003", "#000004", "#000006", "#000010"
LINES = (ACCENT, AMBER, GRAY, MAUVE)  # red says that something is wrong, which a fourth line is not


def latency(steps: Sequence[Row], zone: tzinfo, axis: TimeAxis) -> go.Figure:
    """p50, p95 and p99 in milliseconds over time, each named at its end; steps without requests are gaps."""
    steps = with_gaps(steps, axis.step_seconds)
    at = _times(steps, "at", zone)
    figure = go.Figure()
    for name, color, width in (("p95", ACCENT, 2.0), ("p99", AMBER, 1.2), ("p50", GRAY, 1.2)):
        values = [format.milliseconds(step.get(name)) for step in steps]
        figure.add_scatter(
            x=at, y=values, name=name, **_drawn(values), line={"width": width, "color": color},
            hovertemplate="%{y:,.1f} ms",
        )  # fmt: skip
    calm(figure, "Milliseconds", 240)
    _name_at_ends(figure)
    return over(axis, zone, figure)


def error_share(steps: Sequence[Row], zone: tzinfo, axis: TimeAxis) -> go.Figure:
    """Server errors in percent of the requests of each step; steps without requests are gaps."""
    asked = [step for step in steps if step.get("count")]
    figure = go.Figure()
    figure.add_bar(
        x=_times(asked, "at", zone),
        y=[format.share(step["server_errors"], step["count"]) for step in asked],
        name="errors", marker={"color": RED, "line": {"width": 0}},
        width=axis.step_seconds * 1000 * 0.9, offset=0, hovertemplate="%{y:.2f} %",
    )  # fmt: skip
    calm(figure, "Percent", 120)
    most = max((share for share in figure.data[0].y), default=0)
    figure.update_yaxes(range=[0, max(most * 1.1, 1)], nticks=4)
    return over(axis, zone, figure)


def request_rate(steps: Sequence[Row], zone: tzinfo, axis: TimeAxis) -> go.Figure:
    """Requests and server errors per second over time, as bars of one step each."""
    at = _times(steps, "at", zone)
    figure = go.Figure()
    for name, key, color in (("requests", "count", ACCENT), ("errors", "server_errors", RED)):
        figure.add_bar(
            x=at,
            y=[step[key] / seconds_within(step["at"], axis) for step in steps],
            name=name,
            marker={"color": color, "line": {"width": 0}},
            width=axis.step_seconds * 1000 * 0.9,
            offset=0,
            hovertemplate="%{y:,.2f} per second",
        )
    figure.update_layout(barmode="overlay")
    return over(axis, zone, calm(figure, "Per second", 170))


def slow_queries(steps: Sequence[Row], zone: tzinfo, axis: TimeAxis) -> go.Figure:
    """How many statements were slow in each step, as bars; the hover says of how many."""
    figure = go.Figure()
    figure.add_bar(
        x=_times(steps, "at", zone), y=[step["count"] for step in steps], name="slow",
        marker={"color": AMBER, "line": {"width": 0}}, width=axis.step_seconds * 1000 * 0.9, offset=0,
        customdata=[step["calls"] for step in steps],
        hovertemplate="%{y:,} slow of %{customdata:,}<extra></extra>",
    )  # fmt: skip
    return over(axis, zone, calm(figure, "Statements", 150))


def answers(steps: Sequence[Row], zone: tzinfo, axis: TimeAxis) -> go.Figure:
    """A source's answers per minute over time, stacked by outcome, which is told by pattern as well as by colour."""
    at = _times(steps, "at", zone)
    figure = go.Figure()
    for name, color, shape in (("alive", GRAY, ""), ("refused", AMBER, "/"), ("unknown", RED, "x")):
        figure.add_bar(
            x=at,
            y=[step[name] * 60 / seconds_within(step["at"], axis, stored=60) for step in steps],
            name=name,
            marker={
                "color": color,
                "line": {"width": 0},
                "pattern": {"shape": shape, "size": 5, "solidity": 0.25, "fillmode": "overlay"},
            },
            width=axis.step_seconds * 1000 * 0.9,
            offset=0,
            hovertemplate="%{y:,.1f} a minute",
        )
    calm(figure, "Per minute", 240)
    figure.update_layout(
        barmode="stack",
        showlegend=True,
        legend={
            "orientation": "h",
            "x": 1,
            "xanchor": "right",
            "y": 1.02,
            "yanchor": "bottom",
            "traceorder": "normal",
        },
        margin={"t": 24},
    )
    return over(axis, zone, figure)


def hit_rate(steps: Sequence[Row], zone: tzinfo, axis: TimeAxis) -> go.Figure:
    """The cache's hit rate in percent over time, from 0 to 100; times without readings are gaps."""
    figure = lines({"hit rate": steps}, zone, axis, "Percent", reading="%{y:.1f} %")
    return figure.update_yaxes(range=[0, 102])


def lines(
    series: Mapping[str, Sequence[Row]],
    zone: tzinfo,
    axis: TimeAxis,
    unit: str,
    *,
    reading: str = "%{y:,.1f}",
    scale: float = 1.0,
    threshold: tuple[float, str] | None = None,
    height: int = 200,
) -> go.Figure:
    """Any readings over time, a line each, named at its end when there are several; steps without any are gaps.

    Args:
        series: `at` and `mean` of each step, and, when they are there, `low` and `high`, drawn as a faint band
            around a line that stands alone. At most four series: so many colours have a meaning of their own.
        unit: what stands beside the scale, in full ("MiB", "Percent").
        reading: how the hover writes a value, in Plotly's words.
        scale: what to multiply values with (1 / format.MIB for bytes as MiB).
        threshold: a value, scaled already, and its label: a thin line.
    """
    figure = go.Figure()
    for (name, rows), color in zip(series.items(), LINES, strict=False):
        steps = with_gaps(rows, axis.step_seconds)
        at, means = _times(steps, "at", zone), _scaled(steps, "mean", scale)
        if len(series) == 1 and any(step.get("high") is not None for step in steps):
            _add_band(figure, at, _scaled(steps, "low", scale), _scaled(steps, "high", scale), reading)
        line = go.Scatter(
            x=at, y=means, name=name, **_drawn(means), line={"color": color, "width": 1.6},
            hovertemplate=reading,
        )  # fmt: skip
        figure.add_trace(line)
    calm(figure, unit, height)
    if len(series) > 1:
        _name_at_ends(figure)
    if threshold:
        draw_threshold(figure, *threshold)
    return over(axis, zone, figure)


def _scaled(steps: Sequence[Row], key: str, scale: float) -> list[float | None]:
    return [None if step.get(key) is None else float(step[key]) * scale for step in steps]


def _add_band(
    figure: go.Figure,
    at: Sequence[str],
    low: Sequence[float | None],
    high: Sequence[float | None],
    reading: str,
) -> None:
    """From the lowest to the highest reading of each step; a closed area for each stretch without a gap, because
    Plotly fills across gaps between two lines."""
    common = {"x": at, "mode": "lines", "line": {"width": 0, "color": ACCENT}, "connectgaps": False}
    figure.add_scatter(**common, y=low, name="lowest", hovertemplate=reading)
    figure.add_scatter(**common, y=high, name="highest", hovertemplate=reading)
    around: list[tuple[str, float] | tuple[None, None]] = []
    stretch: list[tuple[str, float, float]] = []
    for moment, lowest, highest in [*zip(at, low, high, strict=True), ("", None, None)]:
        if lowest is not None and highest is not None:
            stretch.append((moment, lowest, highest))
            continue
        around += [(x, y) for x, _, y in stretch] + [(x, y) for x, y, _ in reversed(stretch)] + [(None, None)]
        stretch = []
    figure.add_scatter(
        x=[x for x, _ in around], y=[y for _, y in around], name="band", mode="lines", hoverinfo="skip",
        line={"width": 0}, fill="toself", fillcolor="rgba(120, 150, 200, 0.18)",
    )  # fmt: skip


def draw_threshold(figure: go.Figure, value: float, label: str) -> None:
    """A thin dotted line at a value of the first y axis, named at its left end."""
    figure.add_shape(
        type="line", xref="x domain", x0=0, x1=1, yref="y", y0=value, y1=value, name="threshold",
        line={"color": RED, "width": 1, "dash": "dot"},
        label={"text": label, "textposition": "start", "yanchor": "bottom", "font": {"color": RED, "size": 11}},
    )  # fmt: skip


def runs(rows: Iterable[Row], zone: tzinfo, axis: TimeAxis) -> go.Figure:
    """Each finished run as two bars, one above the other: its seconds, and the MiB by which memory rose."""
    finished = [row for row in rows if row["wall_seconds"] is not None]
    at = _times(finished, "started_at", zone)
    seconds = [row["wall_seconds"] for row in finished]
    rises = [_rise(row) for row in finished]
    failed = [row["outcome"] != "succeeded" for row in finished]
    marker = {
        "size": 7,
        "symbol": ["x" if bad else "circle" for bad in failed],
        "color": [RED if bad else ACCENT for bad in failed],
    }
    common = {
        "x": at,
        "text": [f"{row['job']} · {row['outcome']}" for row in finished],
        "mode": "markers",
        "marker": marker,
        "cliponaxis": False,  # most runs lie close to zero
    }
    figure = go.Figure()
    figure.add_scatter(**common, y=seconds, name="duration", hovertemplate="%{text}<br>%{y:,.2f} s")
    figure.add_scatter(
        **common, y=rises, name="memory rise", yaxis="y2", hovertemplate="%{text}<br>%{y:,.1f} MiB"
    )
    calm(figure, "Seconds", 300)
    figure.update_layout(
        hovermode="closest",
        yaxis={"domain": [0.56, 1]},
        yaxis2={"domain": [0, 0.44], "title": "MiB risen", "rangemode": "tozero", "anchor": "x"},
        xaxis={"anchor": "y2"},
    )
    return over(axis, zone, figure)


def _rise(run: Row) -> float | None:
    if run["memory_peak"] is None or run["memory_before"] is None:
        return None
    return float(run["memory_peak"] - run["memory_before"]) / format.MIB


def growth(points: Sequence[Row], zone: tzinfo) -> go.Figure:
    """A community's subscribers over time; the scale begins where the data does, as only the change counts."""
    values = [point["subscribers"] for point in points]
    figure = go.Figure()
    figure.add_scatter(
        x=_times(points, "at", zone), y=values, name="subscribers", mode=_mode(values),
        hovertemplate="%{y:,.0f}",
    )  # fmt: skip
    calm(figure, "Subscribers", 240)
    # The panel is titled; long numbers need the room that a title of the axis would take.
    figure.update_yaxes(rangemode="normal", tickformat=",.0f", title=None, automargin=True)
    return figure


def with_gaps(rows: Sequence[Row], step_seconds: float) -> list[Row]:
    """The rows, and wherever more than a step and a half lies between two, one without a reading."""
    spaced: list[Row] = []
    for row in rows:
        if spaced and row["at"] - spaced[-1]["at"] > timedelta(seconds=1.5 * step_seconds):
            spaced.append({"at": spaced[-1]["at"] + timedelta(seconds=step_seconds)})
        spaced.append(row)
    return spaced


def seconds_within(at: datetime, axis: TimeAxis, stored: int = STEPS[0]) -> float:
    """How much of the step that begins at `at` lies in the range: the first and the last are cut, which is no drop.

    Args:
        stored: seconds of the intervals that are stored, of which none is counted in part.
    """
    since, until = axis.since.timestamp() // stored * stored, -(-axis.until.timestamp() // stored) * stored
    begin = at.timestamp()
    return max(min(begin + axis.step_seconds, until) - max(begin, since), stored)


def over(axis: TimeAxis, zone: tzinfo, figure: go.Figure) -> go.Figure:
    """Show the whole range asked for, also where nothing was measured."""
    figure.update_xaxes(range=[clock(moment, zone) for moment in axis.span])
    return figure


def clock(at: datetime, zone: tzinfo) -> str:
    """Local time without an offset, because Plotly shows whatever it is given."""
    return at.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")


def _times(rows: Iterable[Row], key: str, zone: tzinfo) -> list[str]:
    return [clock(row[key], zone) for row in rows]


def _mode(values: Sequence[float | None]) -> str:
    """A line, and dots while there are too few points to see one."""
    return "lines" if sum(value is not None for value in values) > 20 else "lines+markers"


def _drawn(values: Sequence[float | None]) -> dict[str, Any]:
    """A line, with dots where a value stands alone between gaps: no line would show it."""
    around = [None, *values, None]
    sizes = [
        5 if around[place + 1] is not None and around[place] is None and around[place + 2] is None else 0
        for place in range(len(values))
    ]
    if not any(sizes):
        return {"mode": "lines"}
    return {"mode": "lines+markers", "marker": {"size": sizes, "line": {"width": 0}}}


def _name_at_ends(figure: go.Figure) -> None:
    """Write each line's name where it ends, so that no legend is needed."""
    for trace in figure.data:
        values = [value for value in trace.y if value is not None]
        if values:
            figure.add_annotation(
                text=trace.name, x=1, xref="paper", xanchor="left", xshift=4, y=values[-1], yref="y",
                showarrow=False, name="end", font={"size": 11, "color": trace.line.color},
            )  # fmt: skip
    keep_names_apart(figure)


def keep_names_apart(figure: go.Figure) -> None:
    """Move the names at the ends of lines where they would overlap; once more when the scale was changed."""
    scale = figure.layout.yaxis.range
    highest = max((value for trace in figure.data for value in trace.y if value is not None), default=0)
    pixels = (figure.layout.height - 60) / ((scale[1] if scale else highest) or 1)
    lowest_free = -math.inf
    for name in sorted(figure.select_annotations({"name": "end"}), key=lambda name: name.y):
        at = max(name.y * pixels, lowest_free)
        name.yshift = at - name.y * pixels
        lowest_free = at + LABEL_PIXELS


def calm(figure: go.Figure, unit: str, height: int) -> go.Figure:
    """What every chart has in common: one rhythm, zero-based, no legend, one hover for all lines.

    For a figure of your own, call it first, then `over`.
    """
    figure.update_layout(
        height=height,
        margin={"l": LEFT, "r": RIGHT, "t": 8, "b": 0},
        showlegend=False,
        hovermode="x unified",
        dragmode=False,
        xaxis={"type": "date", "hoverformat": "%b %-d, %H:%M:%S"},
        yaxis={
            "title": {"text": unit, "standoff": 12},
            "rangemode": "tozero",
            "tickformat": ",~r",
            "automargin": False,
        },
    )
    return figure
