"""Indexes: which are missing and what they would bring, which only cost, and what was done about them."""

from functools import partial

import pandas as pd
import streamlit as st

from dashboard import format, parts
from dashboard.data import indexes as data
from dashboard.data.indexes import Advised, Coverage, Index, IndexAdvice, Unneeded
from dashboard.data.postgresql import Unanswered
from dashboard.database import finding, index_changes
from dashboard.database.unanswered import tell_what_is_not


def show(name: str) -> None:
    """What is missing and what is too much before all that there is."""
    with st.skeleton(height=300):
        advised, unneeded, made = data.advised(name), data.unneeded(name), data.made(name)
        coverage = data.coverage(name)
    tell_what_is_not(advised, unneeded, made, coverage)
    _show_figures(
        None if isinstance(made, Unanswered) else made, None if isinstance(coverage, Unanswered) else coverage
    )
    if not isinstance(advised, Unanswered):
        _show_missing(name, advised)
    if not isinstance(unneeded, Unanswered):
        _show_unneeded(name, unneeded)
    index_changes.show(name)
    if not isinstance(made, Unanswered):
        _show_all(made)


def _show_figures(made: list[Index] | None, coverage: list[Coverage] | None) -> None:
    with st.grid(4, min_column_width=170):
        for label, value, beside in figures(made, coverage):
            st.metric(
                label, value, beside, delta_color="off", delta_arrow="off", border=True, height="stretch"
            )


def figures(made: list[Index] | None, coverage: list[Coverage] | None) -> list[tuple[str, str, str]]:
    """(label, value, what stands beside it); None is not known, which is not none."""
    tables = coverage or []
    covered = [one for one in tables if one.percent is not None]
    least = min(covered, key=lambda one: one.percent or 0, default=None)
    nothing = "no large table" if coverage is not None else "not known"
    return [
        ("Read through indexes", format.percent(data.coverage_of_all(tables)), "of large tables' rows"),
        (
            "Least covered",
            format.percent(least.percent if least else None),
            least.table if least else nothing,
        ),
        (
            "Indexes",
            format.number(None if made is None else len(made)),
            "not known" if made is None else _on(len({one.table for one in made})),
        ),
        (
            "They take",
            format.size(None if made is None else sum(one.bytes for one in made)),
            "partitions together",
        ),
    ]


def _on(tables: int) -> str:
    return "on 1 table" if tables == 1 else f"on {tables:,} tables"


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
        with st.expander("What has no plan, or came to mind and is not advised"):
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
        index_changes.lever(name, "Make it", one.definition.schema, one.name, partial(data.make, name, one))


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
        place = one.index.schema_name, one.index.index_name
        finding.show(one.finding, partial(index_changes.lever, name, "Drop it", *place, deed))


def _show_all(made: list[Index]) -> None:
    with st.expander("The one index" if len(made) == 1 else f"All {len(made):,} indexes"):
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
