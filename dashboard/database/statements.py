"""Where the time in SQL goes: every statement that Subpulse ran, with who asked for it, and its plan."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from dashboard import charts, choosing, format, parts, time_axis
from dashboard.data import statements as data
from dashboard.data.statements import OverTime, StatementTime
from dashboard.database import code, plan
from dashboard.ranges import TimeAxis

ASKER = "asker"
CHOSEN = "statement"
EVERYBODY = "Everybody"


def show(axis: TimeAxis) -> None:
    """Figures, time under way, the statements as a table, and the chosen one opened."""
    with st.skeleton(height=300):
        asker = asker_box([one.asker for one in data.askers(*axis.span)])
        found = data.statements(*axis.span, asker)
    if not found:
        parts.empty("No statements in this range", "Each is timed as it runs, and stored every 10 seconds.")
        return
    _summary(found, axis)
    _charts(data.over_time(*axis.span, axis.step_seconds, None, asker), axis, "all statements")
    _open(_table(found), found, axis, asker)


def asker_box(names: Sequence[str]) -> str | None:
    """Whose statements are looked at; None for everybody's."""
    wanted = st.query_params.get(ASKER)
    every = sorted({*names, wanted} if wanted else {*names})
    st.session_state.asker_box = wanted or EVERYBODY
    st.selectbox("Who asked", [EVERYBODY, *every], key="asker_box", width=320, on_change=_choose_asker)
    return wanted


def _choose_asker() -> None:
    name = st.session_state.asker_box
    if name == EVERYBODY:
        st.query_params.pop(ASKER, None)
    else:
        st.query_params[ASKER] = name


def _summary(found: Sequence[StatementTime], axis: TimeAxis) -> None:
    calls = sum(one.totals.calls for one in found)
    seconds = sum(one.totals.total_seconds for one in found)
    slow = sum(one.totals.slow for one in found)
    known = [one.totals for one in found if one.totals.reuse is not None]
    reused = sum(one.calls * (one.reuse or 0.0) for one in known)
    with st.grid(4, min_column_width=150):
        for label, value, beside in (
            ("Time in SQL", format.duration(seconds), f"{seconds / axis.seconds:,.3f} under way on average"),
            ("Statements run", format.number(calls), f"{len(found):,} different ones"),
            ("Slow", format.number(slow), format.percent(format.share(slow, calls), 2) + " of them"),
            (
                "Prepared",
                format.percent(format.share(reused, sum(one.calls for one in known))),
                "were reused",
            ),
        ):
            st.metric(
                label, value, beside, delta_color="off", delta_arrow="off", border=True, height="stretch"
            )


def _charts(over: OverTime, axis: TimeAxis, whose: str) -> None:
    step, zone = over.step_seconds, parts.viewer_zone()
    busy = [
        {"at": at, "mean": seconds / step}
        for at, seconds, calls in zip(over.at, over.total_seconds, over.calls, strict=True)
        if calls
    ]
    slowest = [
        {"at": at, "mean": 1e3 * p95} for at, p95 in zip(over.at, over.p95, strict=True) if p95 is not None
    ]
    wide = replace(axis, step_seconds=step)
    time_axis.chart(
        charts.lines({"under way": busy}, zone, wide, "Statements", reading="%{y:,.3f}", height=170),
        f"Statements under way: {whose}", f"How many of {whose} ran at once on average, over time", axis,
        f"on average, steps of {format.duration(step)}",
    )  # fmt: skip
    time_axis.chart(
        charts.lines({"p95": slowest}, zone, wide, "Milliseconds", reading="%{y:,.2f} ms", height=170),
        f"How long they took: {whose}", f"p95 of {whose} in milliseconds, over time", axis,
        "p95: 95 of 100 took at most this long",
    )  # fmt: skip


def _table(found: Sequence[StatementTime]) -> str | None:
    whole = sum(one.totals.total_seconds for one in found) or 1.0
    rows = [
        {
            "statement": one.statement,
            "share": 100 * one.totals.total_seconds / whole,
            "seconds": one.totals.total_seconds,
            "calls": one.totals.calls,
            "mean": 1e3 * one.totals.mean,
            "p95": 1e3 * one.totals.p95,
            "max": 1e3 * one.totals.max,
            "slow": one.totals.slow,
            "rows": one.totals.rows,
            "reuse": None if one.totals.reuse is None else 100 * one.totals.reuse,
            "askers": ", ".join(asker.asker for asker in one.askers),
        }
        for one in found
    ]
    chosen = choosing.table(
        pd.DataFrame(rows),
        {
            "statement": parts.text("Statement", pinned=True, width=230),
            "share": st.column_config.ProgressColumn(
                "Share", format="%.1f %%", min_value=0, max_value=100, help="Of the time in SQL of this range"
            ),
            "seconds": parts.number("In all (s)", 2),
            "calls": parts.number("Calls"),
            "mean": parts.number("Mean (ms)", 2),
            "p95": parts.number("p95 (ms)", 2),
            "max": parts.number("Slowest (ms)", 1),
            "slow": parts.number("Slow", help="How many took longer than SLOW_QUERY_MS"),
            "rows": parts.number("Rows", help="That they gave or changed"),
            "reuse": parts.number("Prepared (%)", 0, help="How many reused a prepared statement"),
            "askers": parts.text("Who asked", width="large", help="The dearest first"),
        },
        "Statements by the time they took in all",
        [one.statement for one in found],
        CHOSEN,
        height=420 if len(found) > 11 else "content",
    )
    return chosen


def _open(name: str | None, found: Sequence[StatementTime], axis: TimeAxis, asker: str | None) -> None:
    one = next((one for one in found if one.statement == name), None)
    if one is None:
        st.caption("Choose a row to see the statement, who asked for it, and its plan.")
        return
    st.subheader(format.plain(one.statement), anchor=False)
    _charts(data.over_time(*axis.span, axis.step_seconds, name, asker), axis, one.statement)
    code.show(one.text)
    parts.table(
        pd.DataFrame(
            {
                "asker": each.asker,
                "share": format.share(each.seconds, one.totals.total_seconds),
                "seconds": each.seconds,
                "calls": each.calls,
            }
            for each in one.askers
        ),
        {
            "asker": parts.text("Who asked", width="large"),
            "share": st.column_config.ProgressColumn("Share", format="%.1f %%", min_value=0, max_value=100),
            "seconds": parts.number("In all (s)", 2),
            "calls": parts.number("Calls"),
        },
        alt="Who asked for this statement, and how long that took",
    )
    root, missing = data.plan_now(one.text)
    plan.show(root, missing, "Plan as of now, for any parameters")
