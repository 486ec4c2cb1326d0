"""The weekly reports: the newest one opened, earlier ones to choose from, and the lever that makes one now."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import format, parts
from dashboard.data import ActionFailed, can_control_jobs
from dashboard.data import reports as data
from dashboard.data.reports import Costs, Kept, Report
from dashboard.database import finding
from dashboard.said import SAID


def show(name: str) -> None:
    """The chosen report, the newest one while none is chosen."""
    with st.skeleton(height=300):
        kept = data.reports(name)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = _choose(name, kept) if kept else None
        st.button(
            "Make a report now", icon=":material/lab_profile:", disabled=not can_control_jobs(),
            help=None if can_control_jobs() else "This process runs no jobs", on_click=_make,
        )  # fmt: skip
        report = None if number is None else data.report(name, number)
        if report is not None:
            st.download_button(
                "Download", data.markdown(report), f"{report.at:%Y-%m-%d} {name}.md", "text/markdown",
                on_click="ignore", icon=":material/download:",
            )  # fmt: skip
    if report is None:
        parts.empty("No report yet", "One is made every week, the first within an hour of the start.")
        return
    _show(report)


def _choose(name: str, kept: Sequence[Kept]) -> int:
    """The number of a report; a new one is chosen as soon as it is there."""
    at = parts.in_zone(pd.Series([one.at for one in kept]))
    times = {one.id: f"{when:%d %b %Y, %H:%M}" for one, when in zip(kept, at, strict=True)}
    key = f"report-{name}-{kept[0].id}"
    return int(st.selectbox("Report of", list(times), key=key, width=260, format_func=times.__getitem__))


def _make() -> None:
    """Run before the page does, so that the page shows what became of it."""
    try:
        data.make()
    except ActionFailed as exc:
        st.session_state[SAID] = f"No report is made: {exc}"
    else:
        st.session_state[SAID] = "A report is being made, and stands here in a moment"


def _show(report: Report) -> None:
    if report.failure is not None:
        st.markdown(f"{finding.SIGNS['bad']} **There is no report of {format.ago(report.at)}**")
        st.text(report.failure)
        return
    _show_findings(report)
    _show_costs("What Subpulse ran", report.own)
    _show_costs("What others ran", report.others)
    _show_missing(report)
    _show_bloat(report)
    _show_stale(report)
    _show_unanswered(report)


def _show_findings(report: Report) -> None:
    st.caption(f"Made {format.ago(report.at)}; what is told here is as of then.")
    if not report.findings:
        st.markdown(":green[:material/check_circle:] **Nothing was wrong with this database**")
    for one in report.findings:
        finding.show(one)


def _show_costs(title: str, costs: Costs | None) -> None:
    if costs is None:
        return
    st.subheader(title, anchor=False)
    span = format.duration((costs.until - costs.since).total_seconds())
    change = f" · to the time before: {costs.change}" if costs.change else ""
    st.caption(f"{costs.calls:,} calls in the {span} before, {format.duration(costs.seconds)} in all{change}")
    if costs.statements:
        parts.table(
            pd.DataFrame(
                {
                    "statement": one.statement,
                    "share": one.share_percent,
                    "seconds": one.seconds,
                    "change": one.change,
                    "calls": one.calls,
                    "mean": 1e3 * one.mean_seconds,
                    "mean_change": one.mean_change,
                    "p95": format.milliseconds(one.p95_seconds),
                    "role": one.role,
                }
                for one in costs.statements
            ),
            {
                "statement": parts.text("Statement", pinned=True, width=230),
                "share": st.column_config.ProgressColumn(
                    "Share", format="%.1f %%", min_value=0, max_value=100
                ),
                "seconds": parts.number("In all (s)", 2),
                "change": parts.text("In all, to before", help="Against as long a time before"),
                "calls": parts.number("Calls"),
                "mean": parts.number("Mean (ms)", 2),
                "mean_change": parts.text("Mean, to before", help="Against the time before"),
                **_last_column(costs),
            },
            alt=f"{title}: the statements that took most time in all",
            height=420 if len(costs.statements) > 11 else "content",
        )


def _last_column(costs: Costs) -> dict[str, Any]:
    """Of our own statements p95 is known, of others' who ran them."""
    if any(one.role is not None for one in costs.statements):
        return {"role": parts.text("Role")}
    return {"p95": parts.number("p95 (ms)", 2)}


def _show_missing(report: Report) -> None:
    st.subheader("Missing indexes", anchor=False)
    if not report.missing_indexes:
        st.markdown(":green[:material/check_circle:] No statement lacked an index.")
    for one in report.missing_indexes:
        with st.container(border=True, gap="xsmall"):
            what = format.plain(f"{one.table} ({', '.join(one.columns)})")
            st.markdown(f":orange[:material/add_circle:] **{what}**")
            st.markdown(format.plain(one.reason))
            st.code(one.sql, language="sql", wrap_lines=True)
            st.caption(
                f"It would take {format.size(one.size_bytes)}. Its statements took {format.duration(one.seconds)} "
                "in all."
            )
            with st.expander("To take it back"):
                st.code(one.undo_sql, language="sql", wrap_lines=True)


def _show_bloat(report: Report) -> None:
    st.subheader("Bloat", anchor=False)
    if not report.bloat:
        st.markdown(":green[:material/check_circle:] By estimate nothing took much more room than it needed.")
        return
    parts.table(
        pd.DataFrame(
            {
                "name": one.name,
                "mib": one.bytes / format.MIB,
                "wasted": one.wasted_bytes / format.MIB,
                "share": one.percent,
            }
            for one in report.bloat
        ),
        {
            "name": parts.text("Table or index", pinned=True, width="medium"),
            "mib": parts.number("MiB", 1),
            "wasted": parts.number("Not needed (MiB)", 1, help="An estimate from the widths of columns"),
            "share": parts.number("Share (%)", 0),
        },
        alt="Tables and indexes that wasted most room, by estimate",
    )


def _show_stale(report: Report) -> None:
    st.subheader("Statistics", anchor=False)
    if not report.stale:
        st.markdown(":green[:material/check_circle:] The planner's statistics were fresh.")
    for one in report.stale:
        done = "It was analyzed." if one.not_analyzed is None else f"Not analyzed: {one.not_analyzed}."
        sign = ":green[:material/check:]" if one.not_analyzed is None else finding.SIGNS["watch"]
        st.markdown(f"{sign} {format.plain(f'{one.sentence} {done}')}")


def _show_unanswered(report: Report) -> None:
    if not report.unanswered:
        return
    with st.expander("What was not known"):
        for one in report.unanswered:
            st.markdown(format.plain(one.reason))
            if one.remedy:
                st.code(one.remedy, language="sql", wrap_lines=True)
