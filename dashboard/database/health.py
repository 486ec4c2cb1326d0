"""Is this database well? What is wrong and what to run, the figures that matter, tables, and what is not seen."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from dashboard import format, parts
from dashboard.data import Row, postgresql
from dashboard.data.postgresql import Age, Counters, TableSize, Upkeep, Verdict
from dashboard.database import finding
from dashboard.database.unanswered import known
from dashboard.ranges import TimeAxis

TABLES_SHOWN = 200


def show(name: str, axis: TimeAxis) -> None:
    """Findings first."""
    with st.skeleton(height=300):
        verdict = postgresql.verdict(name)
    if not known(verdict):
        return
    _show_findings(replace(verdict, findings=[*verdict.findings, *postgresql.in_the_strip(name)]))
    _show_figures(name)
    _show_tables(name, axis)
    _show_lacking(name)


def headline(verdict: Verdict) -> str:
    """What is wrong, in a line."""
    bad = sum(one.severity == "bad" for one in verdict.findings)
    watch = len(verdict.findings) - bad
    if not verdict.findings:
        return ":green[:material/check_circle:] **Nothing is wrong with this database**"
    told = [f"{bad:,} bad"] * bool(bad) + [f"{watch:,} to watch"] * bool(watch)
    return f"{finding.SIGNS['bad' if bad else 'watch']} **{' and '.join(told)}**"


def _show_findings(verdict: Verdict) -> None:
    st.markdown(headline(verdict))
    for one in verdict.findings:
        finding.show(one)
    for answer in verdict.unanswered:
        known(answer)


def _show_figures(name: str) -> None:
    counters, ages = postgresql.counters(name), postgresql.ages(name)
    if not known(counters):
        return
    known_ages = ages if known(ages) else []
    with st.grid(6, min_column_width=150):
        for label, value, beside in figures(counters, known_ages):
            st.metric(
                label, value, beside, delta_color="off", delta_arrow="off", border=True, height="stretch"
            )


def figures(counters: Counters, ages: Sequence[Age]) -> list[tuple[str, str, str]]:
    """(label, value, what stands beside it) of what matters; counters since counting began."""
    counted = f"in {format.duration(counters.seconds)}" if counters.seconds else "since counting began"
    age = next((one for one in ages if one.is_this), None)
    return [
        ("Size", format.size(counters.bytes), "with indexes"),
        ("Found in memory", format.percent(counters.hit_percent, 2), f"of blocks, {counted}"),
        (
            "Connections",
            f"{counters.connections:,}",
            f"of {counters.most_connections:,}, everybody's",
        ),
        (
            "Transaction ids used",
            format.percent(age.percent if age else None, 1),
            "of those it has",
        ),
        ("Deadlocks", format.number(counters.deadlocks), counted),
        (
            "Temporary files",
            format.size(counters.temp_bytes),
            f"in {format.counted(counters.temp_files, 'file')}, {counted}",
        ),
    ]


def _show_tables(name: str, axis: TimeAxis) -> None:
    st.subheader("Tables", anchor=False)
    sizes, work = postgresql.table_sizes(name), postgresql.upkeep(name)
    if not known(sizes) or not known(work):
        return
    if not sizes:
        st.caption("There is no table.")
        return
    grown = {one.name: one.bytes_a_day for one in postgresql.grown(name, *axis.span) if one.kind == "table"}
    parts.table(
        pd.DataFrame(table_rows(sizes[:TABLES_SHOWN], work, grown)),
        {
            "table": parts.text("Table", pinned=True, width=240),
            "mib": parts.number("MiB", 1, help="With indexes and long values; partitions together"),
            "grown": parts.number("MiB a day", 2, help="Between the first and the last day of this range"),
            "index_share": parts.number("Indexes (%)", 0, help="Of its bytes"),
            "rows": parts.number("Rows", help="As PostgreSQL estimates them"),
            "dead": parts.number("Dead rows", help="Until vacuum lets new rows take their place"),
            "changed": parts.number("Changed", help="Rows since the last ANALYZE"),
            "vacuumed": parts.when("Vacuumed", "distance", width=130),
            "analyzed": parts.when("Analyzed", "distance", width=130),
            "partitions": parts.number("Partitions"),
        },
        alt="Tables by their size, with what vacuum and ANALYZE have to do",
        height=420 if len(sizes) > 11 else "content",
    )


def table_rows(
    sizes: Sequence[TableSize], work: Sequence[Upkeep], grown: dict[str, float | None]
) -> list[Row]:
    """One row a table, its partitions' work added up; of their vacuums the newest is told."""
    by_root: dict[str, list[Upkeep]] = {}
    for one in work:
        by_root.setdefault(one.root, []).append(one)
    rows = []
    for table in sizes:
        each = by_root.get(table.table, [])
        grows = grown.get(table.table)
        rows.append(
            {
                "table": table.table,
                "mib": table.bytes / format.MIB,
                "grown": None if grows is None else grows / format.MIB,
                "index_share": format.share(table.index_bytes, table.bytes),
                "rows": table.rows,
                "dead": sum(one.dead_rows for one in each),
                "changed": sum(one.changed_rows for one in each),
                "vacuumed": max((one.vacuumed_at for one in each if one.vacuumed_at), default=None),
                "analyzed": max((one.analyzed_at for one in each if one.analyzed_at), default=None),
                "partitions": table.partitions or None,
            }
        )
    return rows


def _show_lacking(name: str) -> None:
    seen = postgresql.abilities(name)
    if not known(seen) or not seen.lacking:
        return
    st.subheader("What would let us see more", anchor=False)
    st.caption(
        f"PostgreSQL {seen.version // 10000}.{seen.version % 10000}, asked as {format.plain(seen.role)}. All of this "
        "is optional."
    )
    for lack in seen.lacking:
        with st.container(border=True, gap="xsmall"):
            st.markdown(f":material/visibility_off: {format.plain(lack.sentence)}")
            if lack.remedy:
                st.code(lack.remedy, language="sql", wrap_lines=True)
