import numpy as np
import pytest

from db import histogram


def test_every_quantile_is_within_one_per_cent_of_the_exact_one() -> None:
    durations = np.random.default_rng(7).lognormal(-4, 1.5, 50_000)
    shares = (0.01, 0.5, 0.95, 0.99, 0.999)
    exact = np.quantile(durations, shares, method="inverted_cdf")
    found = histogram.quantiles(histogram.counts_of(durations), shares)
    for guess, truth in zip(found, exact, strict=True):
        assert guess == pytest.approx(truth, rel=0.01001)


def test_one_duration_falls_into_the_bucket_that_many_fall_into() -> None:
    durations = [0.0, 1e-7, 1e-6, 1.1e-6, 0.0123, 1.0, 1e9, *np.random.default_rng(3).lognormal(-4, 3, 500)]
    assert [histogram.bucket_of(one) for one in durations] == histogram.buckets_of(
        np.array(durations)
    ).tolist()


def test_durations_beyond_both_ends_are_counted_at_the_ends() -> None:
    counts = histogram.counts_of([0.0, 1e-7, 1e-6, 1e9])
    assert counts[0] == 3
    assert counts[-1] == 1
    assert counts.sum() == 4


def test_an_empty_histogram_has_no_quantiles() -> None:
    assert histogram.quantiles(histogram.counts_of([]), (0.5, 0.99)) == [None, None]
