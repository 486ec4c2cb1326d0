"""The peer's quantile is read as the peer itself reads it, and ranges are compared route by route."""

import numpy as np
import pytest

from benchmarks import traffic
from benchmarks.figures import any_range, quantile_error
from benchmarks.figures.quantile_error import histogram_quantile
from db import histogram

EDGES = [0.1, 0.2, 0.4]


def test_prometheus_reads_a_bucket_linearly() -> None:
    seconds = np.array([0.05] * 4 + [0.15] * 4 + [0.3] * 2)
    assert histogram_quantile(0.2, seconds, EDGES) == pytest.approx(0.05)  # the first bucket begins at 0
    assert histogram_quantile(0.6, seconds, EDGES) == pytest.approx(0.15)
    assert histogram_quantile(0.9, seconds, EDGES) == pytest.approx(0.3)


def test_prometheus_knows_nothing_above_its_highest_edge() -> None:
    assert histogram_quantile(0.95, np.full(10, 7.0), EDGES) == 0.4


def test_a_duration_on_an_edge_belongs_below_it() -> None:
    assert histogram_quantile(1.0, np.full(10, 0.2), EDGES) == pytest.approx(0.2)


def test_an_error_is_relative_to_the_exact_quantile() -> None:
    assert quantile_error.percent_off(1.1, 1.0) == pytest.approx(10)
    assert quantile_error.percent_off(0.9, 1.0) == pytest.approx(10)


def test_the_worst_of_all_routes_and_quantiles_counts() -> None:
    exact = {"/a": [1.0, 2.0, 4.0], "/b": [1.0, 1.0, 1.0]}
    assert any_range.worst_error({"/a": [1.0, 2.0, 4.4], "/b": [1.0, 0.95, 1.0]}, exact) == pytest.approx(0.1)
    with pytest.raises(KeyError, match="/b"):
        any_range.worst_error({"/a": exact["/a"]}, exact)


def test_traffic_is_the_same_each_time_and_goes_the_same_into_rows_and_counts() -> None:
    asked, again = traffic.an_hour(7200, 2_000), traffic.an_hour(7200, 2_000)
    assert (asked.seconds == again.seconds).all()
    counted = asked.counted()
    assert counted.times.sum() == len(asked.seconds)
    rows = np.frombuffer(asked.rows(7200), traffic.COPY_ROW)
    assert (histogram.buckets_of(rows["seconds"].astype(float)) == counted.bucket).all()
    names = list(traffic.series())
    failed = {names[one - 1][2] for one in counted.series[rows["status"] == traffic.FAILED]}
    assert failed == {5}


def test_expected_traffic_is_as_drawn_traffic_in_the_mean() -> None:
    expected = traffic.expected()
    assert expected.sum() == pytest.approx(1)
    drawn = traffic.an_hour(0, 50_000).counted()
    told = traffic.an_hour_counted(0, 50_000, expected)
    assert told.times.sum() == pytest.approx(len(drawn.times), rel=0.05)
