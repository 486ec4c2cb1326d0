"""Where database time goes, and why."""

import pandas as pd
import streamlit as st

from dashboard import charts, data, format, parts, time_axis

axis = time_axis.show()
threshold = format.number(data.settings().slow_query_ms)
with st.skeleton(height=260):
    slow = data.slow_queries(*axis.span)
st.subheader(f"Slower than {threshold} ms", anchor=False)
if not slow:
    parts.empty(
        "No slow statement in this range",
        f"A statement that takes {threshold} ms or more appears here with its plan; "
        "SLOW_QUERY_MS moves the threshold.",
        icon=":material/check_circle:",
    )
else:
    time_axis.chart(
        charts.slow_queries(
            data.slow_query_counts(axis.since, axis.until, axis.step_seconds), parts.viewer_zone(), axis
        ),
        "Slow statements",
        "Number of slow statements over time",
        axis,
        note="count per step, of how many in the hover",
    )
    table = pd.DataFrame(slow)
    table["ms"] = (table["seconds"] * 1e3).round()
    table["at"] = table["ago"] = parts.in_zone(table["at"])
    event = parts.table(
        table,
        {
            "at": parts.when("When"),
            "ago": parts.when("Ago", "distance"),
            "ms": parts.number("Took (ms)"),
            "statement": parts.text("Statement", width="large"),
            "asker": parts.text("Who asked", width="medium"),
            "rows": parts.number("Rows"),
        },
        on_select="rerun",
        selection_mode="single-row",
        key="slow_queries",
        alt="Slow statements, newest first",
    )
    chosen = event.selection.rows
    shown = slow[chosen[0]] if chosen else max(slow, key=lambda row: row["seconds"])
    which = "Chosen" if chosen else "Slowest"
    with st.expander(
        f"{which}: {format.duration(shown['seconds'])}, statement and plan", expanded=bool(chosen)
    ):
        st.text(f"{shown['statement']}, asked by {shown['asker']}, {format.ago(shown['at'])}")
        opened = data.slow_query(shown["at"], shown["id"])
        st.code(opened["text"], language="sql", wrap_lines=True)
        if opened["plan"]:
            st.code(opened["plan"], language=None)
        else:
            st.text(f"No plan: {opened['plan_missing'] or 'none was taken'}")
    if not chosen:
        st.caption("Choose a row to see its statement and plan.")

st.subheader("Where the time goes", anchor=False)
with st.skeleton(height=260):
    statements = data.statements(*axis.span)
if not statements:
    parts.empty("No statements in this range", "Every statement is timed; they are stored every 10 seconds.")
    st.stop()
table = pd.DataFrame(statements)
table["share"] = 100 * table["total_seconds"] / table["total_seconds"].sum()
for column in ("mean", "p95", "max"):
    table[f"{column}_ms"] = (table[f"{column}_seconds"].astype(float) * 1e3).round(2)
table["total_seconds"] = table["total_seconds"].round(2)
parts.table(
    table,
    {
        "statement": parts.text("Statement", pinned=True, width="medium"),
        "share": st.column_config.ProgressColumn("Share", format="%.1f %%", min_value=0, max_value=100),
        "total_seconds": parts.number("In all (s)", 1),
        "calls": parts.number("Calls"),
        "mean_ms": parts.number("Mean (ms)", 2),
        "p95_ms": parts.number("p95 (ms)", 2),
        "max_ms": parts.number("Slowest (ms)", 2),
        "rows": parts.number("Rows"),
        "askers": parts.text("Who asked", width="large"),
    },
    alt="Statements by total time",
)
