"""The table and the JSON say the same: what was measured, what to reach, whether it was."""

import json

import pytest

from benchmarks.figure import Goal, Reading
from benchmarks.report import number, raw_lines, table, write

LOW = Reading("CPU", 3.14159, "%", Goal(10.0), {"rounds": [3.0, 3.25], "all": {"p99": 1234.5}})
FEW = Reading("Ratio", 251.0, "times", Goal(500.0, at_least=True))
KNOWN = Reading("Tick", 5.0, "µs")


def test_the_table_is_aligned_and_says_what_was_missed():
    assert table([LOW, FEW, KNOWN]).splitlines() == [
        "| figure | measured  | to reach        | reached |",
        "|--------|-----------|-----------------|---------|",
        "| CPU    | 3.14 %    | ≤ 10            | yes     |",
        "| Ratio  | 251 times | ≥ 500           | NO      |",
        "| Tick   | 5 µs      | for information |         |",
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1234567.8, "1,234,568"), (99.95, "100"), (0.0582, "0.0582"), (-3.456, "-3.46"), (0.0, "0")],
)
def test_a_number_has_three_digits_that_count(value, shown):
    assert number(value) == shown


def test_raw_numbers_have_a_line_each():
    assert raw_lines(LOW) == ["  rounds: 3, 3.25", "  all: {p99 1,234}"]


def test_json_keeps_every_number(tmp_path):
    path = write(tmp_path / "results", {"cpu": [LOW, KNOWN]}, quick=True, load=(0.5, 1.5))
    document = json.loads(path.read_text())
    first, second = document["figures"]["cpu"]
    assert document["quick"] is True
    assert document["machine"]["load_before_and_after"] == [0.5, 1.5]
    assert (first["measured"], first["reached"], first["raw"]) == (3.14159, True, LOW.raw)
    assert second["reached"] is None


def test_a_goal_is_reached_at_its_limit():
    assert Goal(10).reached_by(10)
    assert not Goal(10).reached_by(10.01)
    assert Goal(10, at_least=True).reached_by(10)
    assert not Goal(10, at_least=True).reached_by(9.99)
