from datetime import UTC, datetime, timedelta

import pytest

from dashboard import format


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "—"),
        (0.00042, "0.4 ms"),
        (0.042, "42 ms"),
        (1.24, "1.2 s"),
        (9.99, "10 s"),
        (12, "12 s"),
        (72, "1 min 12 s"),
        (3600, "1 h"),
        (3 * 3600 + 240, "3 h 4 min"),
        (3600 + 5, "1 h"),
        (3 * 86_400 + 2 * 3600, "3 d 2 h"),
    ],
)
def test_durations_have_two_units_at_most(seconds: float | None, words: str) -> None:
    assert format.duration(seconds) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (None, "—"),
        (0, "0 B"),
        (1023, "1,023 B"),
        (1536, "1.5 KiB"),
        (420 * 2**20, "420 MiB"),
        (-(2**21), "-2 MiB"),
    ],
)
def test_sizes_take_the_largest_unit_that_leaves_one(count: float | None, words: str) -> None:
    assert format.size(count) == words


def test_numbers_have_thousands_separators() -> None:
    assert format.number(1_284_332) == "1,284,332"
    assert format.number(1234.567, 1) == "1,234.6"
    assert format.percent(86.24) == "86.2 %"


def test_a_share_of_nothing_is_no_share() -> None:
    assert format.share(1, 4) == 25
    assert format.share(0, 0) is None


def test_what_a_source_keeps_to_itself_is_unknown() -> None:
    assert format.known(None) == "unknown"
    assert format.known(0) == "0"
    assert [format.audience(value) for value in (None, True, False)] == ["unknown", "over 18", "everyone"]


def test_relative_times_read_as_words() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert format.ago(None) == "never"
    assert format.ago(now, now) == "just now"
    assert format.ago(now - timedelta(seconds=12), now) == "12 s ago"


def test_a_cell_is_no_formula_to_a_spreadsheet() -> None:
    assert format.cell("=HYPERLINK(1)") == "'=HYPERLINK(1)"
    assert format.cell("a=b") == "a=b"


def test_text_from_outside_cannot_be_markdown() -> None:
    assert format.plain("__x__ [a](b) <i>") == r"\_\_x\_\_ \[a\]\(b\) \<i\>"
