"""The System page's parts: who is looked at, the figures that matter, small charts, and what watching costs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard import charts, data, format, limits, line_names, parts, time_axis
from dashboard.data import Readings
from dashboard.ranges import TimeAxis
from dashboard.system_panels import GROUPS, Panel

PARAM = "process"
ALL = "All processes"
HEIGHT = 190
MOST_LINES = 4
CHEAP_PERCENT = 5.0  # of one core
DAY_SECONDS = 86_400


def chosen(processes: Sequence[str]) -> str | None:
    """Which process the charts show; None for all. Asked for only when there are several."""
    if len(processes) < 2:
        return processes[0] if processes else None
    wanted = st.query_params.get(PARAM)
    st.session_state.system_process = wanted if wanted in processes else ALL
    st.selectbox("Process", [ALL, *processes], key="system_process", width=320, on_change=_choose)
    return wanted if wanted in processes else None


def _choose() -> None:
    name = st.session_state.system_process
    if name == ALL:
        st.query_params.pop(PARAM, None)
    else:
        st.query_params[PARAM] = name


def summary(of: Mapping[str, Readings], shared: Readings) -> None:
    """What matters, now and over the range, in six figures: the worst of the processes."""
    rss, limit = _worst(of, "rss"), _worst(of, "memory_limit")
    lag, cpu = max((one.most("loop_lag_max") or 0 for one in of.values()), default=None), _worst(of, "cpu")
    connections, most = shared.last("pg_connections"), shared.last("pg_max_connections")
    with st.grid(6, min_column_width=150):
        used = format.percent(format.share(rss, limit)) if rss and limit else format.MISSING
        _figure("Memory", format.size(rss), f"{used} of {format.size(limit)}")
        _figure("CPU", format.percent(cpu), "of one core")
        _figure("Event-loop lag", format.duration(lag / 1e3 if lag else None), "at most in this range")
        _figure("Database", format.size(shared.last("pg_size")), _connections(connections, most))
        _figure("Queue", *_queue(shared.last("queue_waiting"), shared.last("queue_oldest")))
        _figure("Watching", format.percent(watching_percent(of), 2), "of one core")


def _connections(now: float | None, most: float | None) -> str:
    return f"{format.number(now)} of {format.number(most)} connections" if most else format.MISSING


def _queue(waiting: float | None, oldest: float | None) -> tuple[str, str]:
    if waiting is None or oldest is None or round(waiting) == 0:
        return format.MISSING if waiting is None else "0 wait", "batches"
    return f"{waiting:,.0f} wait", f"the oldest for {format.duration(oldest)}"


def _worst(of: Mapping[str, Readings], name: str) -> float | None:
    return max((value for one in of.values() if (value := one.last(name)) is not None), default=None)


def _figure(label: str, value: str, beside: str) -> None:
    st.metric(label, value, beside, delta_color="off", delta_arrow="off", border=True, height="stretch")


def watching_percent(of: Mapping[str, Readings]) -> float | None:
    """What measuring takes of one core, all parts and processes together; None while nothing was timed."""
    known = [
        mean for one in of.values() for name in data.watching_parts() if (mean := one.mean(name)) is not None
    ]
    return sum(known) if known else None


def show_groups(of: Mapping[str, Readings], shared: Readings, axis: TimeAxis) -> None:
    """All charts of all groups that have readings.

    Args:
        of: readings by process, one or several.
        shared: the mean of all processes, which for what all read alike is what each reads.
    """
    for title, panels in GROUPS.items():
        if any(lines_of(panel, of, shared) for panel in panels):
            st.subheader(title, anchor=False)
            show_panels(panels, of, shared, axis)


def show_panels(
    panels: Sequence[Panel], of: Mapping[str, Readings], shared: Readings, axis: TimeAxis
) -> None:
    """The charts of those panels that have readings, side by side."""
    drawn = [(panel, lines) for panel in panels if (lines := lines_of(panel, of, shared))]
    with st.grid(3, min_column_width=320):
        for panel, lines in drawn:
            source = shared if panel.shared else next(iter(of.values()))
            _show(panel, lines, source, axis, list(of))


def lines_of(panel: Panel, of: Mapping[str, Readings], shared: Readings) -> dict[str, list[data.Row]]:
    """What a panel draws, by the line's name: its series, or of several processes each one's.

    Several series of several processes would be too many lines: these are the first process's, as a mean would jump
    whenever a process comes or goes.
    """
    if not panel.shared and len(of) > 1 and len(panel.series) == 1:
        lines = {process: one.steps(panel.series[0]) for process, one in list(of.items())[:MOST_LINES]}
    else:
        source = shared if panel.shared else next(iter(of.values()))
        lines = {data.series_title(name): source.steps(name) for name in panel.series}
    return {name: steps for name, steps in lines.items() if steps}


def _show(
    panel: Panel,
    lines: Mapping[str, list[data.Row]],
    source: Readings,
    axis: TimeAxis,
    processes: Sequence[str],
) -> None:
    figure, far = figure_of(panel, lines, source, replace(axis, step_seconds=source.step_seconds))
    note = panel.note
    if len(processes) > 1 and not panel.shared and len(panel.series) > 1:
        note += f", of {format.plain(processes[0])}"
    if far:
        note += f" · {far}"
    alt = f"{panel.title} over time, {panel.note}"
    time_axis.chart(figure, panel.title, alt, axis, note, narrow=True)


def figure_of(
    panel: Panel, lines: Mapping[str, list[data.Row]], source: Readings, axis: TimeAxis
) -> tuple[go.Figure, str]:
    """The chart, and in words the limits that lie too far above to be drawn."""
    figure = charts.lines(
        lines, parts.viewer_zone(), axis, panel.unit, reading=panel.reading, scale=panel.scale, height=HEIGHT
    )
    line_names.above(figure)
    highest = max(step["high"] for steps in lines.values() for step in steps) * panel.scale
    far = limits.draw(figure, highest, _limits(panel, source))
    if panel.most:
        figure.update_yaxes(range=[0, max(panel.most, highest * 1.02)])
    elif not highest:
        figure.update_yaxes(range=[0, 1])
    return figure, far


def _limits(panel: Panel, source: Readings) -> Iterator[limits.Limit]:
    """Those of a panel that are known."""
    for limit in panel.limits:
        value = source.last(limit.of)
        if value is not None:
            at = value * limit.share
            written = format.size(at) if panel.unit == "MiB" else f"{at:g}"
            yield limits.Limit(at * panel.scale, limit.label, written)


def show_cost(of: Mapping[str, Readings], shared: Readings, axis: TimeAxis) -> None:
    """What watching costs: one sentence, CPU over time and by part, rows and bytes by table."""
    st.subheader("What watching costs", anchor=False)
    tables, database_bytes = data.telemetry_tables()
    percent = watching_percent(of)
    st.markdown(verdict(percent, [one.mean("cpu") for one in of.values()], tables, database_bytes))
    if percent is not None:
        _show_cost_over_time(of, axis)
        _show_parts(of, percent)
    _show_tables(tables, database_bytes)


def verdict(
    percent: float | None, used: Sequence[float | None], tables: Sequence[data.Stored], database_bytes: int
) -> str:
    """One sentence.

    Args:
        percent: of one core that measuring takes; None while nothing was timed.
        used: percent of one core that each process takes in all.
    """
    rows, size = sum(one.rows_a_day for one in tables), sum(one.bytes for one in tables)
    stored = (
        f"writes {rows:,.0f} rows a day and holds {format.size(size)}, "
        f"{format.percent(format.share(size, database_bytes), 0)} of the database."
    )
    if percent is None:
        return f"Watching {stored} What it takes of the CPU is known after ten seconds."
    total = sum(one for one in used if one is not None)
    of_ours = f", {format.percent(100 * percent / total, 0)} of what Subpulse uses," if total else ""
    word = "✓ **Watching is cheap**: it" if percent <= CHEAP_PERCENT else "▲ **Watching is dear**: it"
    return f"{word} takes {format.percent(percent, 2)} of one core{of_ours} {stored}"


def _show_cost_over_time(of: Mapping[str, Readings], axis: TimeAxis) -> None:
    step = max(one.step_seconds for one in of.values())
    figure = charts.lines(
        {"watching": total_over_time(of)}, parts.viewer_zone(), replace(axis, step_seconds=step), "Percent",
        reading="%{y:,.2f} %", height=HEIGHT,
    )  # fmt: skip
    time_axis.chart(
        figure, "CPU of watching", "CPU that measuring takes over time, in percent of one core", axis,
        "percent of one core, all parts" + (" of all processes" if len(of) > 1 else ""),
    )  # fmt: skip


def total_over_time(of: Mapping[str, Readings]) -> list[data.Row]:
    """at and mean: all parts and processes together, in percent of one core."""
    total: dict[datetime, float] = {}
    for one in of.values():
        for name in data.watching_parts():
            for step in one.steps(name):
                total[step["at"]] = total.get(step["at"], 0.0) + step["mean"]
    return [{"at": at, "mean": total[at]} for at in sorted(total)]


def _show_parts(of: Mapping[str, Readings], percent: float) -> None:
    found = {
        title: sum(one.mean(name) or 0.0 for one in of.values())
        for name, title in data.watching_parts().items()
    }
    frame = pd.DataFrame(sorted(found.items(), key=lambda one: -one[1]), columns=["part", "percent"])
    parts.table(
        frame.assign(share=100 * frame["percent"] / (percent or 1), day=frame["percent"] / 100 * DAY_SECONDS),
        {
            "part": parts.text("CPU of", pinned=True),
            "percent": parts.number("Percent of a core", 3),
            "share": parts.number("Share (%)", 1),
            "day": parts.number("Seconds a day", 0),
        },
        alt="CPU that each part of Subpulse's measuring takes",
    )


def _show_tables(tables: Sequence[data.Stored], database_bytes: int) -> None:
    parts.table(
        pd.DataFrame(
            {
                "what": one.what,
                "table": one.table,
                "rows": one.rows_a_day,
                "mib": one.bytes / format.MIB,
                "share": format.share(one.bytes, database_bytes),
                "partitions": one.partitions,
            }
            for one in tables
        ),
        {
            "what": parts.text("Stored", pinned=True),
            "table": parts.text("Table"),
            "rows": parts.number(
                "Rows a day",
                help="At the pace of the last hour where rows come every few seconds, else of the last day",
            ),
            "mib": parts.number("MiB now", 2, help="With indexes, all partitions together"),
            "share": parts.number("Of the database (%)", 1),
            "partitions": parts.number("Partitions"),
        },
        alt="Rows and bytes of each table of telemetry",
    )
