"""Latency over time as a heat map."""

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from dashboard import data, heat
from dashboard.ranges import TimeAxis
from db import histogram

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
AXIS = TimeAxis(NOON, NOON + timedelta(minutes=1), 30, live=False)
AT = [NOON, NOON + timedelta(seconds=30)]


def counts(*steps: list[float]) -> histogram.Counts:
    return np.stack([histogram.counts_of(durations) for durations in steps])


def test_every_request_is_in_the_row_of_its_duration() -> None:
    figure = heat.latency(AT, counts([0.002, 0.002, 0.9], [0.002]), data.bucket_ends(), UTC, AXIS)
    (cells,) = figure.data
    told = [[text.split(" took ")[0] for text in row] for row in cells.text]
    assert told[0] == ["2", "1"]
    assert told[-1] == ["1", "0"]
    assert cells.y[0] <= 2 <= cells.y[1]
    assert cells.y[-2] <= 900 <= cells.y[-1]
    assert figure.layout.yaxis.type == "log"


def test_rows_have_equal_ratios_and_columns_begin_with_their_steps() -> None:
    (cells,) = heat.latency(AT, counts([0.001], [1.0]), data.bucket_ends(), UTC, AXIS).data
    assert np.diff(np.log10(cells.y)) == pytest.approx(1 / heat.ROWS_PER_DECADE)
    assert cells.x == ("2026-11-24T12:00:00", "2026-11-24T12:00:30", "2026-11-24T12:01:00")


def test_no_request_is_an_empty_cell_and_not_a_faint_one() -> None:
    (cells,) = heat.latency(AT, counts([0.001], []), data.bucket_ends(), UTC, AXIS).data
    assert [row[1] for row in cells.z] == [None] * len(cells.z)


def test_without_requests_there_is_an_empty_chart() -> None:
    figure = heat.latency(AT, counts([], []), data.bucket_ends(), UTC, AXIS)
    assert not figure.data
    assert figure.layout.xaxis.range == ("2026-11-24T12:00:00", "2026-11-24T12:01:00")


def test_the_objective_is_a_line_where_it_lies_within() -> None:
    drawn = counts([0.001, 1.0], [])
    ends = data.bucket_ends()
    assert heat.latency(AT, drawn, ends, UTC, AXIS, 300).layout.shapes[0].y0 == 300
    assert not heat.latency(AT, drawn, ends, UTC, AXIS, 5000).layout.shapes


def test_an_objective_at_the_top_has_room_for_its_label() -> None:
    figure = heat.latency(AT, counts([0.001, 0.310], []), data.bucket_ends(), UTC, AXIS, 300)
    bottom, top = figure.layout.yaxis.range
    assert top - math.log10(300) > 0.08 * (top - bottom)
