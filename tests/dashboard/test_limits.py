"""Limits are lines where they are near, and words where a line would flatten what is drawn."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import plotly.graph_objects as go

from dashboard import charts, endpoints, limits
from dashboard.limits import Limit
from dashboard.ranges import TimeAxis

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = TimeAxis(NOON - timedelta(hours=1), NOON, 30, live=True)


def step(**values: Any) -> dict[str, Any]:
    return {"at": NOON, "p50": 0.010, "p95": 0.040, "p99": 0.080, **values}


def lines_of(figure: go.Figure) -> list[tuple[float, str]]:
    return [(shape.y0, shape.label.text) for shape in figure.layout.shapes]


def test_a_near_objective_is_a_line_with_room_for_its_label() -> None:
    figure, far = endpoints.latency([step()], UTC, HOUR, 300)
    assert lines_of(figure) == [(300, "objective for p95: 300 ms")]
    assert figure.layout.yaxis.range[1] > 1.1 * 300
    assert far == ""


def test_a_far_objective_is_told_in_words_and_leaves_the_scale_to_the_lines() -> None:
    figure, far = endpoints.latency([step()], UTC, HOUR, 1000)
    assert lines_of(figure) == []
    assert figure.layout.yaxis.range is None
    assert far == "objective for p95 1,000 ms"


def test_an_objective_that_is_missed_leaves_the_scale_to_the_lines() -> None:
    figure, _ = endpoints.latency([step()], UTC, HOUR, 10)
    assert lines_of(figure) == [(10, "objective for p95: 10 ms")]
    assert figure.layout.yaxis.range is None


def test_without_an_objective_or_requests_there_is_no_line() -> None:
    assert lines_of(endpoints.latency([step()], UTC, HOUR, None)[0]) == []
    figure, far = endpoints.latency([step(p50=None, p95=None, p99=None)], UTC, HOUR, 300)
    assert (lines_of(figure), far) == ([], "objective for p95 300 ms")


def test_names_at_the_ends_keep_apart_on_the_scale_of_a_limit_too() -> None:
    figure = charts.latency([step(p50=0.0100, p95=0.0101, p99=0.0102)], UTC, HOUR)
    limits.draw(figure, 10.2, [Limit(40, "limit", "40 ms")])
    pixels = (figure.layout.height - 60) / figure.layout.yaxis.range[1]
    at = sorted(name.y * pixels + name.yshift for name in figure.layout.annotations)
    assert len(at) == 3
    assert all(upper - lower >= 12.99 for lower, upper in pairwise(at))
