"""Connections that are used again: to PostgreSQL, and to whom we ask over HTTP."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard import charts, data, format, parts, time_axis
from dashboard.data import Row
from dashboard.data.caches import PoolState
from dashboard.ranges import TimeAxis

HEIGHT = 170
PANELS = (  # series, title, note, unit, how the hover writes it
    ("pool_reuse", "Uses of a connection", "since the process began, on average", "Times", "%{y:,.0f}"),
    ("prepared_reuse", "Prepared statements reused", "percent of executions", "Percent", "%{y:,.1f} %"),
    ("pool_wait", "Wait for a connection", "p95, ms", "Milliseconds", "%{y:,.2f} ms"),
    ("pool_age", "Age of connections", "minutes, on average", "Minutes", "%{y:,.0f} min"),
)
SCALES = {"pool_age": 1 / 60}


def show(now: Row, is_known: bool, axis: TimeAxis) -> None:
    """PostgreSQL's figures and charts, then a row for each client.

    Args:
        is_known: whether what is stored can be asked for.
    """
    st.subheader("To PostgreSQL", anchor=False)
    if now["pool"] is None:
        parts.empty("No pool here", "This process does not tell of its connections.")
    else:
        with st.grid(5, min_column_width=150):
            for label, value, beside in figures(now["pool"]):
                st.metric(
                    label, value, beside, delta_color="off", delta_arrow="off", border=True, height="stretch"
                )
    if is_known:
        _charts(axis)
    _clients(now["clients"])


def figures(pool: PoolState) -> list[tuple[str, str, str]]:
    """(label, value, what stands beside it); counted since the process began."""
    use = pool.use
    reuse = format.share(max(use.handed_out - use.made, 0), use.handed_out)
    return [
        ("Reused", format.percent(reuse, 2), f"{use.made:,} opened for {use.handed_out:,} uses"),
        ("Uses of a connection", format.number(use.reuse), "on average"),
        ("Open", f"{pool.size:,}", f"of {pool.limit:,}, {pool.in_use:,} in use"),
        (
            "Prepared",
            format.percent(format.share(pool.reuses, pool.executions)),
            f"of {pool.executions:,} executions",
        ),
        ("Oldest", format.duration(use.oldest_seconds), f"mean {format.duration(use.mean_age_seconds)}"),
    ]


def _charts(axis: TimeAxis) -> None:
    found = data.readings(*axis.span, axis.step_seconds, None)
    with st.grid(2, min_column_width=320):
        for series, title, note, unit, reading in PANELS:
            steps = found.steps(series)
            if not steps:
                continue
            figure = charts.lines(
                {title: steps}, parts.viewer_zone(), axis, unit, reading=reading, height=HEIGHT,
                scale=SCALES.get(series, 1.0),
            )  # fmt: skip
            time_axis.chart(figure, title, f"{title} over time, {note}", axis, note, narrow=True)


def _clients(clients: Sequence[Row]) -> None:
    st.subheader("Over HTTP", anchor=False)
    if not clients:
        parts.empty(
            "No request went out yet",
            "Sources and caches in front are counted here. The sandbox is inside this process and needs none.",
            ":material/link:",
        )
        return
    parts.table(
        pd.DataFrame(
            {
                **one,
                "reuse": format.share(max(one["requests"] - one["connections"], 0), one["requests"]),
            }
            for one in clients
        ),
        {
            "client": parts.text("Asked", pinned=True),
            "reuse": parts.number(
                "Reused (%)", 1, help="Of the requests, those that needed no new connection"
            ),
            "requests": parts.number("Requests"),
            "connections": parts.number("Connections opened"),
        },
        alt="Requests to others and the connections opened for them, since this process began",
    )
