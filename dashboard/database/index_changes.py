"""What was done about indexes, and the levers that do it or take it back."""

from functools import partial

import pandas as pd
import streamlit as st

from dashboard import format, parts
from dashboard.data import ActionFailed, Row, postgresql
from dashboard.data import indexes as data
from dashboard.data.indexes import IndexChange
from dashboard.said import SAID

STATES = {
    "wanted": "waits for its turn",
    "running": "● under way",
    "done": "✓ done",
    "failed": "✕ failed",
    "undone": "taken back",
    "lost": "? its process ended meanwhile",
}


def show(name: str) -> None:
    """A table, newest first, and for each change that can be undone a button."""
    changes = data.changes(name)
    if not changes:
        return
    st.subheader("What was done", anchor=False)
    parts.table(
        pd.DataFrame(_change(one) for one in changes).assign(
            at=lambda rows: parts.in_zone(rows["at"]),
        ),
        {
            "at": parts.when("Wanted"),
            "what": parts.text("What", width="medium"),
            "state": parts.text("State"),
            "cost": parts.text("Plan cost", help="Of the statements that it is for, before and after"),
            "mean": parts.text("Mean time", help="The same, as measured: a day before, an hour after"),
            "error": parts.text("Why", width="large"),
        },
        alt="Indexes that were made and dropped, newest first",
    )
    for one in changes:
        if one.may_be_undone:
            _button(name, f"Take back: {one.action} {one.index_name}", f"undo-{one.id}",
                    partial(data.take_back, name, one))  # fmt: skip


def _change(one: IndexChange) -> Row:
    return {
        "at": one.wanted_at,
        "what": f"{one.action} {one.index_name}",
        "state": STATES[one.state],
        "cost": before_and_after(
            [each["cost_before"] for each in one.statements],
            [each["cost_after"] for each in one.statements],
            "{:,.0f}",
        ),
        "mean": before_and_after(
            [each["before"] and 1e3 * each["before"]["mean_seconds"] for each in one.statements],
            [each["after"] and 1e3 * each["after"]["mean_seconds"] for each in one.statements],
            "{:,.2f} ms",
        ),
        "error": one.error,
    }


def before_and_after(before: list[float | None], after: list[float | None], form: str) -> str | None:
    """`1,200 → 8`, of several statements their sums; what is not known yet is a dash."""
    if not before or None in before:
        return None
    first = form.format(sum(one for one in before if one is not None))
    if not after or None in after:
        return f"{first} → {format.MISSING}"
    return f"{first} → {form.format(sum(one for one in after if one is not None))}"


def lever(name: str, label: str, schema: str, index: str, deed: "partial[None]") -> None:
    """The button, or what is already being done about this index."""
    same = (one for one in data.changes(name) if (one.schema_name, one.index_name) == (schema, index))
    pending = next((one for one in same if one.state in ("wanted", "running")), None)
    if pending is None:
        _button(name, label, f"{label}-{schema}.{index}", deed)
    else:
        since = format.ago(pending.started_at or pending.wanted_at)
        st.caption(
            f"{STATES[pending.state]}, begun {since}: PostgreSQL waits for transactions that are open meanwhile."
            if pending.state == "running"
            else f"It {STATES[pending.state]}, asked for {since}."
        )


def _button(name: str, label: str, key: str, deed: "partial[None]") -> None:
    allowed = postgresql.may_act()
    st.button(
        format.plain(label), key=f"{name}-{key}", disabled=not allowed, help=None if allowed else postgresql.WHY_NOT,
        on_click=_act, args=(label, deed),
    )  # fmt: skip


def _act(label: str, deed: "partial[None]") -> None:
    """Run before the page does, so that the page shows what became of it."""
    try:
        deed()
    except ActionFailed as exc:
        st.session_state[SAID] = f"{label}: {exc}"
    else:
        st.session_state[SAID] = f"{label}: it waits for its turn, and begins in a moment"
