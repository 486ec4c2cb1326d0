"""The overview's chart, defined once: the live component receives it as JSON and fills it with frames.

Each trace's `meta` says which series it follows; colours are the theme's CSS variables, `var(--name/14)` being
that colour at 14 % opacity.
"""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from dashboard import format

WINDOW_SECONDS = 900
PANEL_PIXELS = 112
LANE_PIXELS = 29  # a lane's name with its bar close beneath, and room before the next
GAP_PIXELS = 40
MARGIN = {"l": 54, "r": 46, "t": 30, "b": 26}
INSET = 12  # of text from the panel's edge, as in the cards above

ACCENT = "var(--st-blue-color)"
AMBER = "var(--st-orange-color)"
RED = "var(--st-red-color)"
GRAY = "var(--st-gray-color)"
TEXT = "var(--st-text-color)"
RULE = "var(--st-border-color)"
CARD = "var(--st-secondary-background-color)"

Row = dict[str, Any]


def overview(jobs: Sequence[str], objective_ms: float = 300) -> go.Figure:
    """Latency, requests, memory and a lane per job over one time axis, empty, for the live component.

    Args:
        jobs: the lanes, from the top.
        objective_ms: the p95 that the API is held to, until a frame says otherwise.
    """
    heights = [PANEL_PIXELS] * 3 + [LANE_PIXELS * max(len(jobs), 3)]
    figure = go.Figure(
        data=[
            _line("p99", "y", "p99 latency", "%{y:,.0f} ms", AMBER, 1.0),
            _line("p95", "y", "p95 latency", "%{y:,.0f} ms", ACCENT, 1.6),
            _line("p50", "y", "p50 latency", "%{y:,.0f} ms", GRAY, 1.0),
            _line("requests", "y2", "Requests", "%{y:,.1f} per second", ACCENT, 1.6),
            go.Bar(
                name="Errors",
                yaxis="y2",
                width=1000,
                marker={"color": RED, "line": {"color": RED, "width": 1}},
                hovertemplate="%{y:,.1f} per second",
                meta={"series": "errors", "skip_zero": True},
            ),
            _line("rss", "y3", "Memory", "%{y:,.0f} MiB", ACCENT, 1.6, scale=1 / format.MIB),
            go.Bar(
                orientation="h",
                yaxis="y4",
                width=0.3,
                offset=-0.02,
                textposition="outside",
                textfont={"size": 10, "color": RED},
                constraintext="none",
                cliponaxis=False,
                hoverinfo="skip",
                meta={"runs": "bars", "colors": _run_colors()},
            ),
            go.Scatter(
                name="Jobs",
                yaxis="y4",
                mode="lines",  # never seen: it only carries what ran into the hover
                line={"width": 0, "color": ACCENT},
                hovertemplate="%{text}",
                meta={"runs": "hover"},
            ),
        ]
    )
    figure.update_layout(
        template=go.layout.Template(),
        height=sum(heights) + 3 * GAP_PIXELS + MARGIN["t"] + MARGIN["b"],
        margin=MARGIN,
        showlegend=False,
        dragmode=False,
        selectdirection="h",
        newselection={"line": {"width": 1}},
        hovermode="x unified",
        hoversubplots="axis",
        barmode="overlay",
        font={"family": "var(--st-font)", "size": 11, "color": GRAY},
        paper_bgcolor=CARD,
        plot_bgcolor=CARD,
        hoverlabel={"bgcolor": CARD, "bordercolor": RULE, "font": {"color": TEXT, "size": 12}},
        xaxis={
            "type": "date",
            "anchor": "y4",
            "fixedrange": True,
            "showgrid": True,
            "gridcolor": RULE,
            "zeroline": False,
            "tickformat": "%H:%M",
            "ticklabeloverflow": "allow",
            "hoverformat": "%H:%M:%S",
            "dtick": 120_000,
            "showspikes": True,
            "spikemode": "across",
            "spikesnap": "hovered data",
            "spikethickness": 1,
            "spikedash": "solid",
            "spikecolor": GRAY,
        },
        shapes=[
            *_bands(),
            _threshold("objective", "y", objective_ms),
            _threshold("memory_alert", "y3", None),
        ],
        annotations=[
            *_headings(),
            *(
                _edge_label(series, color)
                for series, color in (("p50", GRAY), ("p95", ACCENT), ("p99", AMBER))
            ),
            _cause(),
        ],
    )
    _stack(figure, heights, jobs)
    return figure


def _line(
    series: str,
    axis: str,
    name: str,
    reading: str,
    color: str,
    width: float,
    scale: float = 1.0,
) -> go.Scatter:
    return go.Scatter(
        name=name,
        yaxis=axis,
        mode="lines",
        line={"color": color, "width": width},
        connectgaps=False,
        hovertemplate=reading,
        meta={"series": series, "scale": scale},
    )


def _run_colors() -> dict[str, str]:
    return {
        "running": f"{ACCENT[:-1]}/45)",
        "succeeded": ACCENT,
        "failed": RED,
        "lost": AMBER,
    }


def _bands() -> list[dict[str, Any]]:
    """Behind each chart, where any job ran: one path per chart, drawn by the component."""
    return [
        {
            "name": "band",
            "type": "path",
            "path": "M0,0Z",
            "xref": "x",
            "yref": f"{axis} domain",
            "layer": "below",
            "line": {"width": 0},
            "fillcolor": f"{ACCENT[:-1]}/9)",
            "visible": False,
        }
        for axis in ("y", "y2", "y3")
    ]


def _threshold(name: str, axis: str, at: float | None) -> dict[str, Any]:
    return {
        "name": name,
        "type": "line",
        "xref": "x domain",
        "yref": axis,
        "x0": 0,
        "x1": 1,
        "y0": at or 0,
        "y1": at or 0,
        "line": {"color": RED, "width": 1, "dash": "dot"},
        "label": {
            "text": "",
            "textposition": "start",
            "yanchor": "bottom",
            "font": {"color": RED, "size": 10},
        },
        "visible": at is not None,
    }


def _headings() -> list[dict[str, Any]]:
    titles = (
        ("y", "Latency", "latency_note", "ms"),
        ("y2", "Requests", "requests_note", "per second · errors in red"),
        ("y3", "Memory", "memory_note", "MiB resident"),
        ("y4", "Jobs", "jobs_note", "one lane each · what ran is in the hover"),
    )
    common = {"showarrow": False, "xref": "paper", "y": 1, "yanchor": "bottom", "yshift": 4}
    left = {"x": 0, "xanchor": "left", "xshift": INSET - MARGIN["l"], "font": {"size": 12.5, "color": TEXT}}
    right = {"x": 1, "xanchor": "right", "xshift": MARGIN["r"] - INSET, "font": {"size": 11.5, "color": GRAY}}
    return [
        annotation
        for axis, title, name, note in titles
        for annotation in (
            {**common, **left, "yref": f"{axis} domain", "text": f"<b>{title}</b>"},
            {**common, **right, "yref": f"{axis} domain", "name": name, "text": note},
        )
    ]


def _edge_label(series: str, color: str) -> dict[str, Any]:
    """The series' name at the right end of its line."""
    return {
        "name": series,
        "text": series,
        "xref": "paper",
        "x": 1,
        "xanchor": "left",
        "xshift": 4,
        "yref": "y",
        "y": 0,
        "showarrow": False,
        "font": {"color": color, "size": 11},
        "visible": False,
    }


def _cause() -> dict[str, Any]:
    """The job whose run raised memory the most, written where it happened."""
    return {
        "name": "cause",
        "text": "",
        "xref": "x",
        "yref": "y3",
        "yshift": -11,
        "showarrow": False,
        "font": {"color": TEXT, "size": 11},
        "visible": False,
    }


def _stack(figure: go.Figure, heights: Sequence[int], jobs: Sequence[str]) -> None:
    """Give each y axis its share of the height, from the top, all over the one x axis."""
    whole = sum(heights) + GAP_PIXELS * (len(heights) - 1)
    top = float(whole)
    common = {"anchor": "x", "fixedrange": True, "zeroline": False, "gridcolor": RULE, "nticks": 4}
    for index, height in enumerate(heights):
        name = "yaxis" if index == 0 else f"yaxis{index + 1}"
        figure.layout[name] = {
            **common,
            "ticklabeloverflow": "allow",  # else Plotly measures every label on every frame
            "domain": [max(top - height, 0) / whole, top / whole],
            "rangemode": "tozero",
            "tickformat": ",~r",
        }
        top -= height + GAP_PIXELS
    figure.layout["yaxis4"].update(
        type="category",
        categoryorder="array",
        categoryarray=list(jobs),
        range=[max(len(jobs), 1) - 0.5, -0.5],
        showgrid=False,
        ticklabelposition="inside",
        ticklabelshift=7,
        tickfont={"color": GRAY, "size": 10.5},
        nticks=0,
    )
