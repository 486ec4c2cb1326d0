import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from dashboard import charts
from dashboard.live import chart
from dashboard.ranges import TimeAxis

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = TimeAxis(NOON - timedelta(hours=1), NOON, 30, live=False)
BERLIN = ZoneInfo("Europe/Berlin")


def step(at: datetime, **values: Any) -> dict[str, Any]:
    return {"at": at, "count": 60, "server_errors": 3, "p50": 0.01, "p95": 0.04, "p99": 0.08, **values}


def run(**values: Any) -> dict[str, Any]:
    return {"job": "prune", "outcome": "succeeded", "started_at": NOON, "wall_seconds": 2.0,
            "memory_before": 2**20, "memory_peak": 3 * 2**20, **values}  # fmt: skip


def test_the_overview_stacks_all_panels_on_one_time_axis() -> None:
    figure = chart.overview(["refresh", "collect"]).to_plotly_json()
    layout = figure["layout"]
    assert [key for key in layout if key.startswith("xaxis")] == ["xaxis"]
    domains = [layout[name]["domain"] for name in ("yaxis", "yaxis2", "yaxis3", "yaxis4")]
    assert domains[0][1] == 1
    assert abs(domains[3][0]) < 1e-9
    assert all(upper[0] > lower[1] for upper, lower in pairwise(domains))
    assert all(layout[name]["rangemode"] == "tozero" for name in ("yaxis", "yaxis2", "yaxis3"))


def test_each_trace_of_the_overview_says_what_it_follows() -> None:
    metas = [trace["meta"] for trace in chart.overview([]).to_plotly_json()["data"]]
    assert [meta["series"] for meta in metas if "series" in meta] == [
        "p99",
        "p95",
        "p50",
        "requests",
        "errors",
        "rss",
    ]
    assert {meta["runs"] for meta in metas if "runs" in meta} == {"bars", "hover"}


def test_the_overview_has_only_colours_of_the_theme() -> None:
    text = json.dumps(chart.overview(["a"]).to_plotly_json())
    assert "#" not in text
    assert "rgb" not in text


def test_times_are_the_viewers() -> None:
    figure = charts.latency([step(NOON)], BERLIN, HOUR)
    assert figure.data[0].x == ("2026-11-23T13:00:00",)
    assert figure.layout.xaxis.range == ("2026-11-23T12:00:00", "2026-11-23T13:00:00")


def test_latency_is_in_milliseconds_and_named_at_its_end() -> None:
    figure = charts.latency([step(NOON), step(NOON + timedelta(seconds=30), p95=None)], UTC, HOUR)
    by_name = {trace.name: trace for trace in figure.data}
    assert by_name["p95"].y == (40.0, None)
    assert {label.text for label in figure.layout.annotations} == {"p50", "p95", "p99"}
    assert figure.layout.yaxis.rangemode == "tozero"


def test_steps_without_requests_are_gaps() -> None:
    figure = charts.latency([step(NOON), step(NOON + timedelta(minutes=5))], UTC, HOUR)
    assert figure.data[0].y == (40.0, None, 40.0)


def test_requests_are_per_second() -> None:
    requests, errors = charts.request_rate([step(NOON - timedelta(seconds=30))], UTC, HOUR).data
    assert (requests.y, errors.y) == ((2.0,), (0.1,))


def test_what_a_range_cuts_off_the_first_and_the_last_step_is_no_drop() -> None:
    axis = TimeAxis(NOON - timedelta(seconds=1205), NOON + timedelta(seconds=301), 600, live=True)
    steps = [
        step(NOON - timedelta(seconds=1800), count=10),  # of which ten seconds are stored within the range
        step(NOON - timedelta(seconds=1200), count=600),
        step(NOON, count=310),
    ]
    assert charts.request_rate(steps, UTC, axis).data[0].y == (1, 1, 1)


def test_failed_runs_differ_in_shape_as_well_as_in_colour() -> None:
    duration, rise = charts.runs([run(), run(outcome="failed"), run(wall_seconds=None)], UTC, HOUR).data
    assert duration.marker.symbol == ("circle", "x")
    assert len(set(duration.marker.color)) == 2
    assert rise.y == (2.0, 2.0)


def test_memory_that_was_not_measured_is_no_zero() -> None:
    assert charts.runs([run(memory_peak=None)], UTC, HOUR).data[1].y == (None,)


def test_growth_does_not_begin_at_zero_and_a_hit_rate_does() -> None:
    points = [{"at": NOON, "subscribers": 1_000_000}]
    assert charts.growth(points, UTC).layout.yaxis.rangemode == "normal"
    assert charts.hit_rate([{"at": NOON, "mean": 80.0}], UTC, HOUR).layout.yaxis.range == (0, 102)


def test_several_lines_are_named_at_their_ends_and_scaled() -> None:
    series = {"resident": [{"at": NOON, "mean": 2**21}], "peak": [{"at": NOON, "mean": None}]}
    resident, peak = charts.lines(series, UTC, HOUR, "MiB", scale=1 / 2**20).data
    assert resident.y == (2.0,)
    assert peak.y == (None,)


def test_no_line_is_red_by_its_place_alone() -> None:
    series = {name: [{"at": NOON, "mean": 1.0}] for name in ("one", "two", "three", "four")}
    colors = [line.line.color for line in charts.lines(series, UTC, HOUR, "MiB").data]
    assert len(set(colors)) == 4
    assert charts.RED not in colors


def test_a_line_that_stands_alone_shows_its_lowest_and_highest() -> None:
    steps = [{"at": NOON, "mean": 2.0, "low": 1.0, "high": 3.0}]
    figure = charts.lines({"lag": steps}, UTC, HOUR, "ms", threshold=(5.0, "too much"))
    assert [trace.name for trace in figure.data] == ["lowest", "highest", "band", "lag"]
    assert figure.layout.shapes[0].label.text == "too much"
    assert figure.layout.yaxis.rangemode == "tozero"


def test_the_band_from_lowest_to_highest_ends_before_a_gap() -> None:
    steps = [
        {"at": NOON + timedelta(seconds=30 * step), "mean": 2.0, "low": 1.0, "high": 3.0}
        for step in (0, 1, 9)
    ]
    band = charts.lines({"lag": steps}, UTC, HOUR, "ms").data[2]
    assert band.fill == "toself"
    assert band.y == (3, 3, 1, 1, None, 3, 1, None)


def test_slow_statements_are_counted_and_of_how_many_is_told() -> None:
    (bars,) = charts.slow_queries([{"at": NOON, "count": 3, "calls": 1200}], UTC, HOUR).data
    assert (bars.y, bars.customdata) == ((3,), (1200,))


def test_a_value_alone_between_gaps_is_a_dot() -> None:
    steps = [{"at": NOON + timedelta(seconds=30 * place), "mean": value} for place, value in
             enumerate([1.0, 2.0, None, 3.0, None])]  # fmt: skip
    (line,) = charts.lines({"lag": steps}, UTC, HOUR, "ms").data
    assert line.marker.size == (0, 0, 0, 5, 0)
    (line,) = charts.lines({"lag": steps[:2]}, UTC, HOUR, "ms").data
    assert line.mode == "lines"


def test_names_at_the_ends_of_lines_keep_apart() -> None:
    series = {name: [{"at": NOON, "mean": 1.0}] for name in ("one", "two", "three")}
    labels = charts.lines(series, UTC, HOUR, "ms").layout.annotations
    shifts = sorted(label.yshift for label in labels)
    assert all(upper - lower >= 13 for lower, upper in pairwise(shifts))
