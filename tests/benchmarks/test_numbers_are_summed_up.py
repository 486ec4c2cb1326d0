"""Quantiles and slopes, against numbers that one can check by hand."""

import pytest

from benchmarks.summary import quantile, slope


@pytest.mark.parametrize(
    ("share", "value"), [(0.0, 1), (0.01, 1), (0.5, 50), (0.99, 99), (0.991, 100), (1.0, 100)]
)
def test_a_quantile_is_a_value_that_was_seen(share, value):
    assert quantile(list(range(100, 0, -1)), share) == value


def test_a_quantile_of_nothing_is_refused():
    with pytest.raises(ValueError, match="no values"):
        quantile([], 0.5)


def test_a_slope_is_growth_per_unit():
    assert slope([(0, 10), (1, 12), (2, 14)]) == pytest.approx(2)


def test_a_slope_passes_between_scattered_points():
    assert slope([(0, 1), (0, -1), (10, 6), (10, 4)]) == pytest.approx(0.5)


@pytest.mark.parametrize("points", [[], [(3, 4)], [(3, 4), (3, 8)]])
def test_points_at_one_time_have_no_slope(points):
    assert slope(points) == 0
