"""Indexes: which are missing and what they would bring, which only cost, and what was done about them."""

from functools import partial

import pandas as pd
import streamlit as st

from dashboard import format, parts
from dashboard.data import ActionFailed, Row, postgresql
from dashboard.data import indexes as data
from dashboard.data.indexes import Advised, Index, IndexAdvice, IndexChange, Unneeded
from dashboard.database import finding
from dashboard.database.unanswered import known
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
    """What is missing and what is too much before all that there is."""
    with st.skeleton(height=300):
        advised, unneeded, made = data.advised(name), data.unneeded(name), data.made(name)
    _show_figures(name, made if known(made) else [])
    if known(advised):
        _show_missing(name, advised)
    if known(unneeded):
        _show_unneeded(name, unneeded)
    _show_changes(name)
    if known(made):
        _show_all(made)


def _show_figures(name: str, made: list[Index]) -> None:
    coverage = data.coverage(name)
    tables = coverage if known(coverage) else []
    whole = data.coverage_of_all(tables)
    least = min(
        (one for one in tables if one.percent is not None), key=lambda one: one.percent or 0, default=None
    )
    with st.grid(4, min_column_width=170):
        for label, value, beside in (
            ("Read through indexes", format.percent(whole), "of all rows read from large tables"),
            (
                "Least covered",
                format.percent(least.percent if least else None),
                least.table if least else "no large table",
            ),
            (
                "Indexes",
                format.number(len(made)),
                f"on {len({one.table for one in made}):,} tables",
            ),
            ("They take", format.size(sum(one.bytes for one in made)), "partitions together"),
        ):
            st.metric(
                label, value, beside, delta_color="off", delta_arrow="off", border=True, height="stretch"
            )


def _show_missing(name: str, advised: Advised) -> None:
    st.subheader("Missing", anchor=False)
    if not advised.advice:
        st.markdown(":green[:material/check_circle:] No statement of the last days lacks an index.")
    for one in advised.advice:
        _show_advice(name, one)
    st.caption(
        f"{advised.explained:,} statements were planned, with {advised.coverage_percent:.0f} % of the time that was "
        "measured."
    )
    if advised.refused or advised.unexplained:
        with st.expander("What came to mind and is not advised"):
            for refused in advised.refused:
                st.text(f"{refused.statement}: {refused.sentence}")
            for lacking in advised.unexplained:
                st.text(f"{lacking.statement}: no plan, {lacking.why}")


def _show_advice(name: str, one: IndexAdvice) -> None:
    with st.container(border=True, gap="xsmall"):
        what = format.plain(f"{one.table} ({', '.join(one.columns)})")
        st.markdown(f":orange[:material/add_circle:] **{what}**")
        st.markdown(format.plain(one.reason))
        st.code(one.sql, language="sql", wrap_lines=True)
        st.caption(_what_it_brings(one))
        parts.table(
            pd.DataFrame(
                {
                    "statement": each.asked.statement,
                    "calls": each.asked.calls,
                    "seconds": each.asked.total_seconds,
                    "mean": 1e3 * each.asked.mean_seconds,
                    "before": each.cost_before,
                    "after": each.cost_after,
                }
                for each in one.statements
            ),
            {
                "statement": parts.text("Statement that it serves", width="medium"),
                "calls": parts.number("Calls"),
                "seconds": parts.number("In all (s)", 2),
                "mean": parts.number("Mean (ms)", 2),
                "before": parts.number("Cost", 0, help="Of its plan now, in PostgreSQL's unit"),
                "after": parts.number("Cost with it", 0, help="As hypopg lets PostgreSQL tell"),
            },
            alt="Statements that the index would serve",
        )
        _button(name, "Make it", f"make-{one.name}", partial(data.make, name, one))


def _what_it_brings(one: IndexAdvice) -> str:
    rows = f"Some {one.rows_before:,.0f} rows read become {one.rows_after:,.0f}"
    sure = (
        "; PostgreSQL itself says that it would use it"
        if one.checked_with == "hypopg"
        else ", by an estimate from statistics"
    )
    return f"{rows}{sure}. It would take {format.size(one.size_bytes)}."


def _show_unneeded(name: str, unneeded: list[Unneeded]) -> None:
    st.subheader("Too much", anchor=False)
    if not unneeded:
        st.markdown(":green[:material/check_circle:] No index is half made, doubled, or known to be unused.")
    for one in unneeded:
        deed = partial(data.drop, name, one.index, one.finding.sentence)
        finding.show(one.finding, partial(_button, name, "Drop it", f"drop-{one.index.index}", deed))


def _show_changes(name: str) -> None:
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
        "cost": _before_and_after(
            [each["cost_before"] for each in one.statements],
            [each["cost_after"] for each in one.statements],
            "{:,.0f}",
        ),
        "mean": _before_and_after(
            [each["before"] and 1e3 * each["before"]["mean_seconds"] for each in one.statements],
            [each["after"] and 1e3 * each["after"]["mean_seconds"] for each in one.statements],
            "{:,.2f} ms",
        ),
        "error": one.error,
    }


def _before_and_after(before: list[float | None], after: list[float | None], form: str) -> str | None:
    """`1,200 → 8`, of several statements their sums; what is not known yet is a dash."""
    if not before or None in before:
        return None
    first = form.format(sum(one for one in before if one is not None))
    if not after or None in after:
        return f"{first} → {format.MISSING}"
    return f"{first} → {form.format(sum(one for one in after if one is not None))}"


def _show_all(made: list[Index]) -> None:
    with st.expander(f"All {len(made):,} indexes"):
        parts.table(
            pd.DataFrame(
                {
                    "index": one.index,
                    "table": one.table,
                    "keys": ", ".join(one.keys),
                    "mib": one.bytes / format.MIB,
                    "scans": one.scans,
                    "kind": "unique" if one.is_unique else one.method,
                    "where": one.predicate,
                    "partitions": one.partitions or None,
                }
                for one in made
            ),
            {
                "index": parts.text("Index", pinned=True, width="medium"),
                "table": parts.text("Table"),
                "keys": parts.text("Columns", width="medium"),
                "mib": parts.number("MiB", 2),
                "scans": parts.number("Used", help="How often, since counting began"),
                "kind": parts.text("Kind"),
                "where": parts.text("Only where"),
                "partitions": parts.number("Partitions"),
            },
            alt="Every index, the largest first",
        )


def _button(name: str, label: str, key: str, deed: "partial[None]") -> None:
    allowed = postgresql.may_act()
    st.button(
        label, key=f"{name}-{key}", disabled=not allowed, help=None if allowed else postgresql.WHY_NOT,
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
