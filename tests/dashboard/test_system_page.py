"""The System page: readings per process, limits, and what watching costs."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from streamlit.testing.v1 import AppTest

from dashboard import data, system
from dashboard.ranges import TimeAxis
from dashboard.system_panels import GROUPS, Panel
from db import samples
from db.series import SERIES
from db.watching import Stored
from tests.dashboard.conftest import House, Open, said

APP, WORKER = "app@here:8501", "worker@there"
MIB = 2**20
PANELS = {panel.title: panel for panels in GROUPS.values() for panel in panels}
READINGS = {
    "rss": 200.0 * MIB,
    "memory_limit": 500.0 * MIB,
    "pss": 190.0 * MIB,
    "heap": 100.0 * MIB,
    "cpu": 4.0,
    "loop_lag_mean": 1.0,
    "loop_lag_max": 45.0,
    "pg_size": 80.0 * MIB,
    "pg_connections": 9.0,
    "pg_max_connections": 100.0,
    "queue_waiting": 2.0,
    "queue_oldest": 90.0,
    "watching_flushing": 0.5,
    "watching_sampling": 0.25,
}


def store(house: House, process: str = APP, seconds_ago: int = 60, **values: float) -> None:
    at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    house.do(samples.add(house.db, process, f"{process}-1", at, {**READINGS, **values}))


def figures(app: AppTest) -> dict[str, Any]:
    """The charts by their titles."""
    return {
        re.sub(r".*axis-chart-(.*)-\d+$", r"\1", chart.proto.id): orjson.loads(chart.proto.spec)
        for chart in app.get("plotly_chart")
    }


def lines(figure: Any) -> dict[str, Any]:
    return {trace["name"]: trace for trace in figure["data"] if trace.get("name") not in ("band", "happened")}


def metrics(app: AppTest) -> dict[str, tuple[str, str]]:
    return {metric.label: (metric.value, metric.delta) for metric in app.metric}


def labels(figure: Any) -> list[str]:
    shapes = figure["layout"].get("shapes", ())
    return [shape["label"]["text"] for shape in shapes if shape.get("name") == "threshold"]


def test_before_anything_was_sampled_the_page_says_what_fills_it(house: House, open_page: Open) -> None:
    app = open_page("system")
    assert "No readings in this range" in said(app)
    assert not app.get("plotly_chart")


def test_what_matters_stands_above_in_six_figures(house: House, open_page: Open) -> None:
    store(house)
    assert metrics(open_page("system")) == {
        "Memory": ("200 MiB", "40.0 % of 500 MiB"),
        "CPU": ("4.0 %", "of one core"),
        "Event-loop lag": ("45 ms", "at most in this range"),
        "Database": ("80 MiB", "9 of 100 connections"),
        "Queue": ("2 wait", "the oldest for 1 min 30 s"),
        "Watching": ("0.75 %", "of one core"),
    }


def test_limits_are_lines_where_they_are_near_and_words_where_they_are_far(
    house: House, open_page: Open
) -> None:
    store(house)
    app = open_page("system")
    assert labels(figures(app)["Resident memory"]) == ["alert at 80 %: 400 MiB", "limit: 500 MiB"]
    store(house, seconds_ago=20, memory_limit=2**34)
    data.disconnect()
    house.connect()
    app = open_page("system")
    assert labels(figures(app)["Resident memory"]) == []
    assert "alert at 80 % 12.8 GiB, limit 16 GiB" in said(app)


def test_what_was_never_read_has_no_chart(house: House, open_page: Open) -> None:
    store(house)
    found = figures(open_page("system"))
    assert "Database size" in found
    assert "WAL written" not in found
    assert set(lines(found["Where it is"])) == {"PSS", "heap"}
    assert {"lowest", "highest", "Resident (RSS)"} <= set(lines(found["Resident memory"]))


def test_several_processes_are_a_line_each_until_one_is_chosen(house: House, open_page: Open) -> None:
    store(house)
    store(house, WORKER, rss=300.0 * MIB, watching_flushing=1.0, heap=200.0 * MIB)
    app = open_page("system")
    assert app.selectbox(key="system_process").value == system.ALL
    found = figures(app)
    assert {name: trace["y"] for name, trace in lines(found["Resident memory"]).items()} == {
        APP: [200],
        WORKER: [300],
    }
    assert lines(found["Where it is"])["heap"]["y"] == [100]
    assert "of app\\@here\\:8501" in said(app)
    assert metrics(app)["Memory"] == ("300 MiB", "60.0 % of 500 MiB")
    assert metrics(app)["Watching"][0] == "2.00 %", "all of them together"
    app.selectbox(key="system_process").select(WORKER).run()
    assert WORKER in app.query_params["process"]
    assert lines(figures(app)["Where it is"])["heap"]["y"] == [200]
    assert metrics(app)["Watching"][0] == "1.25 %"
    app.selectbox(key="system_process").select(system.ALL).run()
    assert "process" not in app.query_params


def test_a_process_that_is_not_there_is_no_choice(house: House, open_page: Open) -> None:
    store(house)
    store(house, WORKER)
    assert open_page("system", process="<b>gone</b>").selectbox(key="system_process").value == system.ALL


def test_what_watching_costs_is_told_by_part_and_by_table(house: House, open_page: Open) -> None:
    store(house)
    app = open_page("system")
    cpu, tables = app.dataframe
    assert dict(zip(cpu.value["part"], cpu.value["percent"], strict=True))["Flushing"] == 0.5
    assert list(cpu.value["part"])[:2] == ["Flushing", "Sampling"]
    assert cpu.value["day"][0] == 432
    assert {"samples_live", "latency", "statement_times", "job_runs"} <= set(tables.value["table"])
    rows = tables.value.set_index("table")["rows"]
    assert rows["samples_live"] > 0
    assert "Watching is cheap" in said(app)
    assert "0.75 % of one core, 19 % of what Subpulse uses" in said(app)
    (watching,) = lines(figures(app)["CPU of watching"]).values()
    assert watching["y"] == [0.75]


def test_dear_watching_is_called_so() -> None:
    tables = [Stored("samples", "Readings", 1000.0, 5 * MIB, 3)]
    assert system.verdict(7.0, [14.0, None], tables, 50 * MIB) == (
        "▲ **Watching is dear**: it takes 7.00 % of one core, 50 % of what Subpulse uses, "
        "writes 1,000 rows a day and holds 5 MiB, 10 % of the database."
    )
    assert "known after ten seconds" in system.verdict(None, [], tables, 50 * MIB)


def test_a_range_of_long_ago_is_drawn_in_steps_as_it_is_kept(house: House) -> None:
    now = datetime.now(UTC)
    for days, step in ((0, 10), (3, 60), (40, 3600)):
        until = now - timedelta(days=days)
        assert data.readings(until - timedelta(minutes=5), until, 10, None).step_seconds == step


def test_each_panel_draws_series_that_are_in_the_catalogue_and_no_more_than_four() -> None:
    for panel in PANELS.values():
        assert 1 <= len(panel.series) <= 4
        for name in (*panel.series, *(limit.of for limit in panel.limits)):
            assert name in SERIES
        assert panel.shared == all(SERIES[name].merge == "shared" for name in panel.series), panel.title


def test_names_of_lines_stand_in_a_row_and_clear_of_each_other() -> None:
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    axis = TimeAxis(now - timedelta(hours=1), now, 60, live=False)
    steps = [{"at": now, "mean": 1.0, "low": 1.0, "high": 1.0}]
    panel = Panel("Connections", ("pg_active", "pg_idle"), "Connections", "by state")
    figure, far = system.figure_of(panel, {"active": steps, "idle": steps}, data.Readings(60, {}), axis)
    first, second = figure.layout.annotations
    assert (first.text, second.text, far) == ("active", "idle", "")
    assert second.xshift > first.xshift + 6 * len("active")
