"""The three formats of /metrics, each checked by somebody else's reading: a brute-force count, promtool, Google's
protobuf."""

import re
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from api.exposition import protobuf, text
from api.exposition.buckets import EDGES, SCHEMA
from api.exposition.families import AnyFamily, DurationFamily, Durations, Family
from db import histogram
from tests.api import metric_family
from tests.prometheus import complaints

HOSTILE = 'a "quoted"\\path\nand a second line, {curly}'
OBJECTIVES = (0.0025, 0.089, 0.134, 0.3)


def durations_of(seconds: list[float]) -> Durations:
    return Durations(histogram.counts_of(seconds), sum(seconds))


def clear_of(edges: np.ndarray, seconds: np.ndarray) -> list[float]:
    """Without those within 1 % of an edge, which our own buckets cannot place."""
    return seconds[(np.abs(seconds[:, None] / edges - 1) > 0.0101).all(axis=1)].tolist()


@pytest.fixture
def seconds() -> list[float]:
    """Durations from 20 µs to minutes, clear of every edge."""
    drawn = np.random.default_rng(11).lognormal(-4, 2.2, 20_000)
    return clear_of(np.array([*EDGES, *OBJECTIVES]), drawn)


def told(family: DurationFamily) -> dict[float, int]:
    """Counts by `le` in the text format."""
    lines = re.findall(r'_bucket\{.*le="([^"]+)"\} (\d+)\n', text.plain([family]).decode())
    return {float(edge): int(count) for edge, count in lines}


def test_as_many_lie_within_each_edge_as_a_count_one_by_one_finds(seconds: list[float]) -> None:
    family = DurationFamily("t_seconds", "Some.", edges=OBJECTIVES)
    family.add(durations_of(seconds), route="/a")
    found = told(family)
    assert {*OBJECTIVES, *EDGES, float("inf")} == set(found)
    assert found == {edge: sum(one <= edge for one in seconds) for edge in found}
    assert list(found) == sorted(found)


def test_a_duration_within_one_per_cent_of_an_edge_is_in_one_of_its_two_buckets() -> None:
    for smaller, edge, larger in zip(EDGES, EDGES[1:], EDGES[2:], strict=False):
        for near in (edge * 0.991, edge, edge * 1.009):
            family = DurationFamily("t_seconds", "Some.")
            family.add(durations_of([near]))
            found = told(family)
            assert (found[smaller], found[larger]) == (0, 1)


def test_edges_are_few_even_and_round() -> None:
    assert all(1.2 < larger / smaller <= 2 for smaller, larger in pairwise(EDGES))
    assert all(float(f"{edge:.2g}") == edge for edge in EDGES)


def test_an_objective_beyond_all_edges_is_an_edge_too() -> None:
    family = DurationFamily("t_seconds", "Some.", edges=(1e-8, 120.0))
    family.add(durations_of([0.5, 100.0, 130.0]))
    found = told(family)
    assert (found[1e-8], found[60.0], found[120.0], found[float("inf")]) == (0, 1, 2, 3)


def families_of(seconds: list[float]) -> list[AnyFamily]:
    """One of each kind, with a label and a help text that want to break out."""
    counter = Family("t_words_total", "Words.", "counter")
    counter.add(3, said=HOSTILE)
    counter.add(0.25, said="")
    gauge = Family("t_temperature_celsius", HOSTILE, "gauge")
    gauge.add(-1.5)
    requests = DurationFamily("t_wait_seconds", "Waits.", edges=OBJECTIVES)
    requests.add(durations_of(seconds), route=HOSTILE)
    requests.add(durations_of([0.001]), route="/b")
    return [counter, gauge, requests, Family("t_unknown", "Nobody knows.", "gauge")]


def test_promtool_has_nothing_to_say(seconds: list[float]) -> None:
    assert complaints(text.plain(families_of(seconds))) == ""


def test_promtool_does_speak_up_when_there_is_something() -> None:
    assert "counter metrics should have" in complaints(b"# HELP t A.\n# TYPE t counter\nt 1\n")


def test_what_stands_in_a_label_cannot_break_out_of_it() -> None:
    written = r"a \"quoted\"\\path\nand a second line, {curly}"
    for lines in (text.plain(families_of([])).decode(), text.openmetrics(families_of([])).decode()):
        assert f'\nt_words_total{{said="{written}"}} 3\n' in lines
        assert f'\nt_wait_seconds_count{{route="{written}"}} 0\n' in lines
        assert all(line.startswith(("t_", "# ")) for line in lines.splitlines())


def test_help_is_escaped_as_each_format_wants_it() -> None:
    plain, openmetrics = text.plain(families_of([])).decode(), text.openmetrics(families_of([])).decode()
    assert '# HELP t_temperature_celsius a "quoted"\\\\path\\nand a second' in plain
    assert '# HELP t_temperature_celsius a \\"quoted\\"\\\\path\\nand a second' in openmetrics


def test_a_family_of_which_nothing_is_known_is_not_told() -> None:
    families = families_of([0.1])
    for told_so in (text.plain(families), text.openmetrics(families), protobuf.delimited(families)):
        assert b"t_temperature_celsius" in told_so
        assert b"t_unknown" not in told_so


def test_openmetrics_names_a_counters_family_without_total_and_ends_with_eof() -> None:
    lines = text.openmetrics(families_of([0.1])).decode().splitlines()
    assert lines[:2] == ["# HELP t_words Words.", "# TYPE t_words counter"]
    assert lines[2].startswith("t_words_total{")
    assert lines[-1] == "# EOF"
    assert lines.count("# EOF") == 1


def test_protobuf_says_the_same(seconds: list[float]) -> None:
    counter, gauge, waits = metric_family.read(protobuf.delimited(families_of(seconds)))
    assert (counter.name, counter.type, counter.help) == ("t_words_total", metric_family.COUNTER, "Words.")
    first, second = counter.metric
    assert [(pair.name, pair.value) for pair in first.label] == [("said", HOSTILE)]
    assert (first.counter.value, second.counter.value) == (3, 0.25)
    assert (gauge.type, gauge.help, gauge.metric[0].gauge.value) == (metric_family.GAUGE, HOSTILE, -1.5)
    assert len(gauge.metric[0].label) == 0
    assert (waits.name, waits.type) == ("t_wait_seconds", metric_family.HISTOGRAM)
    assert waits.metric[0].histogram.sample_count == len(seconds)
    assert waits.metric[0].histogram.sample_sum == sum(seconds)


def test_native_buckets_hold_what_a_count_one_by_one_finds() -> None:
    base = 2**2**-SCHEMA
    drawn = np.random.default_rng(5).lognormal(-4, 2.2, 20_000)
    seconds = clear_of(base ** np.arange(-170.0, 100.0), drawn)
    assert len(seconds) > 10_000
    family = DurationFamily("t_seconds", "Some.")
    family.add(durations_of(seconds))
    (read,) = metric_family.read(protobuf.delimited([family]))
    found = metric_family.buckets(read.metric[0].histogram)
    assert read.metric[0].histogram.schema == SCHEMA
    # Bucket i holds (base^(i-1), base^i].
    assert found == Counter(int(np.ceil(np.log(one) / np.log(base))) for one in seconds)


@pytest.mark.parametrize("seconds", [[1e-7], [1e6], [0.9, 0.9, 30.0, 0.001]])
def test_native_buckets_may_be_far_apart(seconds: list[float]) -> None:
    family = DurationFamily("t_seconds", "Some.")
    family.add(durations_of(seconds))
    (read,) = metric_family.read(protobuf.delimited([family]))
    found = metric_family.buckets(read.metric[0].histogram)
    assert sum(found.values()) == len(seconds)
    assert len(found) == len(set(seconds))
