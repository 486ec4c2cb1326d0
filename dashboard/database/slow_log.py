"""Statements that took too long: when, how many, and one of them opened with its plan and what ran beside it."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from dashboard import charts, choosing, format, parts, time_axis
from dashboard.data import settings
from dashboard.data import statements as data
from dashboard.data.statements import Beside, OverTime, Slow
from dashboard.database import code, plan
from dashboard.database.statements import asker_box
from dashboard.ranges import TimeAxis

CHOSEN = "slow_statement"


def show(axis: TimeAxis) -> None:
    """Counts over time, the newest as a table, the chosen or the slowest one opened."""
    threshold = format.number(settings().slow_query_ms)
    with st.skeleton(height=300):
        asker = asker_box([one.asker for one in data.askers(*axis.span)])
        over = data.over_time(*axis.span, axis.step_seconds, None, asker, with_p95=False)
        log = data.slow_log(*axis.span, None, asker)
    count = sum(over.slow)
    if not count and not log:
        parts.empty(
            "No slow statement in this range",
            f"A statement that takes {threshold} ms or more appears here with its plan; SLOW_QUERY_MS moves the "
            "threshold.",
            icon=":material/check_circle:",
        )
        return
    time_axis.chart(
        charts.slow_queries(_steps(over), parts.viewer_zone(), replace(axis, step_seconds=over.step_seconds)),
        "Slow statements", "Number of slow statements over time", axis,
        f"{count:,} slower than {threshold} ms; of how many in the hover",
    )  # fmt: skip
    if not log:
        st.caption("They are counted for two years, and kept one by one for thirty days.")
        return
    chosen = _table(log)
    if count > len(log) and len(log) < data.SHOWN:
        st.caption("Of one statement by one asker only the slowest in ten seconds is kept.")
    _open(log, chosen)


def _steps(over: OverTime) -> list[dict[str, object]]:
    steps = zip(over.at, over.slow, over.calls, strict=True)
    return [{"at": at, "count": slow, "calls": calls} for at, slow, calls in steps if slow]


def _table(log: Sequence[Slow]) -> object:
    rows = pd.DataFrame(
        {
            "at": one.at,
            "ms": 1e3 * one.seconds,
            "statement": one.statement,
            "asker": one.asker,
            "rows": one.rows,
            "reused": {True: "yes", False: "no", None: None}[one.reused],
            "types": ", ".join(f"{name} {kind}" for name, kind in one.parameter_types.items()) or None,
        }
        for one in log
    )
    rows["at"] = rows["ago"] = parts.in_zone(rows["at"])
    return choosing.table(
        rows,
        {
            "at": parts.when("Ended"),
            "ago": parts.when("Ago", "distance"),
            "ms": parts.number("Took (ms)", 1),
            "statement": parts.text("Statement", width="large"),
            "asker": parts.text("Who asked", width="medium"),
            "rows": parts.number("Rows"),
            "reused": parts.text("Prepared", help="Whether it reused a prepared statement"),
            "types": parts.text("Parameters", help="Their types; values are never kept"),
        },
        "Slow statements, newest first",
        [one.id for one in log],
        CHOSEN,
        height=280 if len(log) > 7 else "content",
    )


def _open(log: Sequence[Slow], chosen: object) -> None:
    one = next((one for one in log if one.id == chosen), None) or max(log, key=lambda one: one.seconds)
    opened = data.slow_one(one.at, one.id)
    with st.container(border=True, gap="small"):
        which = "" if one.id == chosen else "The slowest of these: "
        st.markdown(
            f"**{which}{format.plain(one.statement)}** :small[:gray[{format.duration(one.seconds)}, asked by "
            f"{format.plain(one.asker)}, {format.ago(one.at)}]]"
        )
        if opened is None:
            st.caption("Its text and plan are no longer kept.")
        else:
            code.show(opened.text)
            plan.show(data.plan_of(opened), opened.plan_missing, "Plan with its own parameters")
        if beside := data.beside(one.at, one.id):
            _show_beside(one, beside)
    if one.id != chosen:
        st.caption("Choose a row to open another one.")


def _show_beside(slow: Slow, beside: Beside) -> None:
    st.markdown("**What else ran meanwhile**")
    runs = sorted({str(run["job"]) for run in beside.runs})
    st.text(f"Jobs: {', '.join(runs) or 'none'}")
    others = [one for one in beside.slow if one.id != slow.id]
    told = ", ".join(f"{one.statement} ({format.duration(one.seconds)})" for one in others)
    st.text(f"Other slow statements: {told or 'none'}")
    parts.table(
        pd.DataFrame(
            {
                "statement": one.statement,
                "seconds": 1e3 * one.totals.total_seconds,
                "calls": one.totals.calls,
                "asker": ", ".join(asker.asker for asker in one.askers),
            }
            for one in beside.statements[:8]
        ),
        {
            "statement": parts.text("Statement in these seconds", width="medium"),
            "seconds": parts.number("In all (ms)", 1),
            "calls": parts.number("Calls"),
            "asker": parts.text("Who asked", width="large"),
        },
        alt="Statements that ran in the same ten seconds, by the time they took",
    )
