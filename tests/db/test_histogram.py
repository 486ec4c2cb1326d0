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


def test_concatenating_encodings_merges_them() -> None:
    first, second = histogram.counts_of([0.001, 0.002]), histogram.counts_of([0.002, 5.0])
    merged = histogram.decode(histogram.encode(first) + histogram.encode(second))
    assert (merged == first + second).all()


def test_durations_beyond_both_ends_are_counted_at_the_ends() -> None:
    counts = histogram.counts_of([0.0, 1e-7, 1e-6, 1e9])
    assert counts[0] == 3
    assert counts[-1] == 1
    assert counts.sum() == 4


def test_an_empty_histogram_has_no_quantiles() -> None:
    assert histogram.quantiles(histogram.decode(b""), (0.5, 0.99)) == [None, None]


def test_a_damaged_encoding_is_an_error_and_not_a_wrong_figure() -> None:
    with pytest.raises(ValueError):
        histogram.decode(b"12345")
    with pytest.raises(ValueError, match="bucket 65535"):
        histogram.decode(b"\xff\xff\x01\x00\x00\x00")
