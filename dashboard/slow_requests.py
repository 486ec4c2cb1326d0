"""The slowest requests as dots over time and as a table; one of them opened: its statements, what ran beside it."""

import html
from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard import charts, choosing, format, parts, time_axis
from dashboard.ranges import TimeAxis

Row = dict[str, Any]
OPENED = "slow_request"
MOSTLY_SQL = 50  # percent of a request's time
FAILED = 500  # status
PAGE = "PAGE"


def show(found: Sequence[Row], axis: TimeAxis, whose: str) -> None:
    """Chart, the opened one, table."""
    if not found:
        return
    time_axis.chart(
        dots(found, parts.viewer_zone(), axis),
        "Slowest requests", f"The slowest requests of {whose} over time, in milliseconds", axis,
        "each route's slowest of each minute, kept for a week; click one to open it", on_point=_open,
    )  # fmt: skip
    chosen = _table(found)
    opened = next((one for one in found if one["id"] == chosen), None)
    if opened:
        _detail(opened)
    else:
        st.caption("Click a dot or a row to see what the request did, and which jobs ran meanwhile.")


def dots(found: Sequence[Row], zone: tzinfo, axis: TimeAxis) -> go.Figure:
    """A dot for each request over a logarithmic scale, told apart by shape and colour."""
    kinds: tuple[tuple[str, str, str, list[Row]], ...] = (
        ("mostly its own time", charts.GRAY, "circle", []),
        ("mostly SQL", charts.AMBER, "diamond", []),
        ("failed", charts.RED, "x", []),
    )
    for one in found:
        place = 2 if one["status"] >= FAILED else 1 if sql_percent(one) >= MOSTLY_SQL else 0
        kinds[place][3].append(one)
    figure = go.Figure()
    for name, color, symbol, rows in kinds:
        figure.add_scatter(
            x=[charts.clock(one["at"], zone) for one in rows],
            y=[one["seconds"] * 1e3 for one in rows],
            name=name, mode="markers",
            marker={"size": 8, "color": color, "symbol": symbol, "line": {"width": 0}},
            customdata=[one["id"] for one in rows],
            text=[f"{html.escape(name_of(one), quote=False)}, SQL {sql_percent(one):.0f} %" for one in rows],
            hovertemplate="%{y:,.1f} ms · %{text}<extra></extra>",
        )  # fmt: skip
    charts.calm(figure, "Milliseconds", 200)
    figure.update_yaxes(type="log", nticks=5, tickformat=",~r", hoverformat=",.1f")
    figure.update_layout(
        hovermode="closest",
        showlegend=True,
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
        margin={"t": 24},
    )
    return charts.over(axis, zone, figure)


def name_of(one: Row) -> str:
    """`GET /api/stats`; of pages their own name."""
    return str(one["route"]) if one["method"] == PAGE else f"{one['method']} {one['route']}"


def sql_percent(one: Row) -> float:
    """How much of its time went by in SQL, at most all of it: statements may run side by side."""
    return float(min(100 * one["sql_seconds"] / one["seconds"], 100)) if one["seconds"] else 0.0


def _open(identity: Any) -> None:
    st.session_state[OPENED] = identity


def _table(found: Sequence[Row]) -> object:
    rows = pd.DataFrame(
        {
            "at": one["at"],
            "ms": one["seconds"] * 1e3,
            "name": name_of(one),
            "status": one["status"],
            "sql_ms": one["sql_seconds"] * 1e3,
            "sql_share": sql_percent(one),
            "calls": one["calls"],
            "parameters": ", ".join(one["parameters"]) or None,
            "jobs": ", ".join(one["jobs"]) or None,
        }
        for one in found
    )
    rows["at"] = parts.in_zone(rows["at"])
    return choosing.table(
        rows,
        {
            "at": parts.when("Ended"),
            "ms": parts.number("Took (ms)", 1),
            "name": parts.text("Endpoint", width=190),
            "status": st.column_config.NumberColumn("Status", format="%d"),
            "sql_ms": parts.number(
                "SQL (ms)", 1, help="Time in statements, the wait for a connection left out"
            ),
            "sql_share": st.column_config.ProgressColumn(
                "SQL share", width=110, format="%.0f %%", min_value=0, max_value=100
            ),
            "calls": parts.number("Statements"),
            "parameters": parts.text("Parameters", width=170, help="Their names; values are never kept"),
            "jobs": parts.text("Jobs meanwhile", width="medium"),
        },
        "The slowest requests, slowest first",
        [one["id"] for one in found],
        OPENED,
        height=280 if len(found) > 7 else "content",
    )


def _detail(one: Row) -> None:
    """Where its time went."""
    seconds, in_sql = one["seconds"], min(one["sql_seconds"], one["seconds"])
    with st.container(border=True, gap="small"):
        st.markdown(f"**{format.plain(name_of(one))}** :small[:gray[{format.ago(one['at'])}]]")
        with st.grid(4, min_column_width=130):
            for label, value, beside in (
                ("Took", format.duration(seconds), f"answered {one['status']}"),
                ("In SQL", format.duration(in_sql), format.percent(sql_percent(one), 0) + " of it"),
                ("Elsewhere", format.duration(seconds - in_sql), "Python, waiting, sending"),
                ("Statements", format.number(one["calls"]), "calls in all"),
            ):
                st.metric(label, value, beside, delta_color="off", delta_arrow="off")
        st.text(f"Parameters: {', '.join(one['parameters']) or 'none'}")
        st.text(f"Jobs that ran meanwhile: {', '.join(one['jobs']) or 'none'}")
        if not one["statements"]:
            st.text("It ran no statement.")
            return
        rows = pd.DataFrame(one["statements"])
        rows["ms"] = rows["seconds"] * 1e3
        rows["share"] = (100 * rows["seconds"] / seconds).clip(upper=100)
        parts.table(
            rows,
            {
                "statement": parts.text("Statement", width="large"),
                "calls": parts.number("Calls"),
                "ms": parts.number("In all (ms)", 1),
                "share": st.column_config.ProgressColumn(
                    "Of the request", format="%.0f %%", min_value=0, max_value=100
                ),
            },
            alt="The statements of this request, the longest first",
        )
