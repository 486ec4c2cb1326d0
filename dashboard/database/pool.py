"""Subpulse's own pool of connections: whether it is large enough, its figures now, and over time."""

import streamlit as st

from dashboard import data, format, system
from dashboard.data import postgresql
from dashboard.data.postgresql import Pool
from dashboard.database import finding
from dashboard.ranges import TimeAxis
from dashboard.system_panels import OF_THE_POOL


def show() -> None:
    """The verdict first, then figures."""
    st.subheader("Subpulse's pool", anchor=False)
    verdict = postgresql.pool()
    if not verdict.findings:
        st.markdown(":green[:material/check_circle:] Whoever needs a connection gets one at once.")
    for one in verdict.findings:
        finding.show(one)
    with st.grid(6, min_column_width=150):
        for label, value, beside in figures(verdict.pool):
            st.metric(
                label, value, beside, delta_color="off", delta_arrow="off", border=True, height="stretch"
            )


def figures(pool: Pool) -> list[tuple[str, str, str]]:
    """(label, value, what stands beside it)."""
    state, use = pool.state, pool.state.use
    return [
        ("In use", f"{state.in_use:,}", f"of {state.size:,} open, {state.limit:,} at most"),
        ("Waiting", f"{state.waiting:,}", "for a connection, now"),
        ("Wait, p95", _milliseconds(pool.wait_ms), "in 5 min"),
        ("Uses", format.number(use.reuse), "of each connection"),
        (
            "Mean age",
            format.duration(use.mean_age_seconds),
            f"oldest {format.duration(use.oldest_seconds)}",
        ),
        ("Prepared", format.percent(pool.prepared_percent), "reused, mean of 5 min"),
    ]


def _milliseconds(value: float | None) -> str:
    return format.duration(None if value is None else value / 1e3)


def show_over_time(axis: TimeAxis) -> None:
    """A chart each, and beside them the connections of the whole server."""
    st.subheader("Subpulse's pool over time", anchor=False)
    processes = data.processes(*axis.span)
    if not processes:
        st.caption("In this range nothing was stored; readings are every 10 seconds.")
        return
    with st.skeleton(height=190):
        shared = data.readings(*axis.span, axis.step_seconds, None)
        of = {one: data.readings(*axis.span, axis.step_seconds, one) for one in processes}
    system.show_panels(OF_THE_POOL, of, shared, axis)
