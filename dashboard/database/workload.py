"""What all clients of a database run, where pg_stat_statements counts it."""

import pandas as pd
import streamlit as st

from dashboard import choosing, format, parts
from dashboard.data import postgresql
from dashboard.database import code
from dashboard.database.unanswered import known

CHOSEN = "client_statement"


def show(name: str) -> None:
    """A table, those that are not Subpulse's marked, and the chosen one's text."""
    st.subheader("What all clients run", anchor=False)
    found = postgresql.of_all_clients(name)
    if not known(found):
        return
    if not found.statements:
        st.caption("No client has run anything since counting began.")
        return
    whole = sum(one.total_seconds for one in found.statements) + found.hidden_seconds
    hidden = (
        f" · {format.duration(found.hidden_seconds)} of roles hidden from us" if found.hidden_seconds else ""
    )
    st.caption(f"By pg_stat_statements, since {format.ago(found.since)}{hidden}")
    ids = [(one.id, one.role, one.is_direct) for one in found.statements]
    chosen = choosing.table(
        pd.DataFrame(
            {
                "text": format.statement(one.text),
                "share": format.share(one.total_seconds, whole),
                "seconds": one.total_seconds,
                "calls": one.calls,
                "mean": 1e3 * one.mean_seconds,
                "rows": one.rows,
                "hits": one.hit_percent,
                "role": one.role,
                "whose": "Subpulse" if one.is_ours else "others" if one.is_direct else "a function",
            }
            for one in found.statements
        ),
        {
            "text": parts.text("Statement", pinned=True, width=360),
            "share": st.column_config.ProgressColumn("Share", format="%.1f %%", min_value=0, max_value=100),
            "seconds": parts.number("In all (s)", 2),
            "calls": parts.number("Calls"),
            "mean": parts.number("Mean (ms)", 2),
            "rows": parts.number("Rows"),
            "hits": parts.number("In memory (%)", 1, help="Blocks found in shared_buffers"),
            "role": parts.text("Role"),
            "whose": parts.text("Run by"),
        },
        "Statements of all clients by the time they took in all",
        ids,
        CHOSEN,
        height=420 if len(ids) > 11 else "content",
    )
    if chosen is not None:
        code.show(found.statements[ids.index(chosen)].text)
