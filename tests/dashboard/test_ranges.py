"""Which time a page speaks of, and how it stands in the URL."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from dashboard import ranges
from dashboard.ranges import DEFAULT, RANGES, Choice, NotARange, beside, between, parsed

NOON = datetime(2026, 11, 24, 12, 0, 13, 500_000, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize("name", RANGES)
def test_a_range_stands_in_the_url_and_has_at_most_250_steps(name: str) -> None:
    choice = Choice(name)
    assert choice.params() == {"range": name}
    assert parsed(choice.params(), NOON) == choice
    axis = choice.axis(NOON)
    assert axis.live
    assert axis.until - axis.since == RANGES[name].length
    assert 20 <= axis.seconds / axis.step_seconds <= 250


def test_all_who_look_within_five_seconds_ask_the_same() -> None:
    first, second = (DEFAULT.axis(NOON.replace(second=at, microsecond=at * 1000)) for at in (10, 14))
    assert first == second
    assert first.until == NOON.replace(second=10, microsecond=0)


def test_two_moments_stand_in_the_url_without_needless_seconds() -> None:
    choice = between(NOON - 2 * HOUR, NOON.replace(second=0) - HOUR, NOON)
    assert choice.params() == {"from": "2026-11-24T100013Z", "to": "2026-11-24T1100Z"}
    assert parsed(choice.params(), NOON) == choice
    assert not choice.axis(NOON).live
    assert choice.axis(NOON).refresh_seconds is None


@pytest.mark.parametrize("text", ["2026-11-24T10:30", "2026-11-24T10:30Z", "2026-11-24T11:30:00 01:00"])
def test_a_moment_without_a_zone_is_utc_and_another_zone_is_understood(text: str) -> None:
    choice = parsed({"from": text, "to": "2026-11-24T11:00Z"}, NOON)
    assert choice == Choice(since=NOON.replace(hour=10, minute=30, second=0, microsecond=0),
                            until=NOON.replace(hour=11, second=0, microsecond=0))  # fmt: skip


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"range": "century"}, "“century”; there are 5m, 15m"),
        ({"from": "2026-11-24T10:00Z"}, "only one end"),
        ({"from": "yesterday", "to": "2026-11-24T10:00Z"}, "“yesterday” where a time should stand"),
        ({"from": "2026-11-24T10:00Z", "to": "2026-11-24T09:00Z"}, "ends before it begins"),
        ({"from": "2027-11-24T10:00Z", "to": "2027-11-25T09:00Z"}, "begins in the future"),
        ({"from": "2020-11-24T10:00Z", "to": "2026-11-24T09:00Z"}, "longer than two years"),
        ({"from": "0001-01-01T00:00+14:00", "to": "2026-11-24T09:00Z"}, "where a time should stand"),
    ],
)
def test_nonsense_is_a_sentence(params: dict[str, str], said: str) -> None:
    with pytest.raises(NotARange, match=said):
        parsed(params, NOON)


def test_a_range_stands_before_two_moments_that_a_browsers_way_back_left() -> None:
    both = {"range": "6h", "from": "2026-11-24T10:00Z", "to": "2026-11-24T11:00Z"}
    assert parsed(both, NOON) == Choice("6h")


def test_an_address_that_says_nothing_asks_for_nothing() -> None:
    assert parsed({}, NOON) is None


def test_a_stroke_of_the_brush_is_a_minute_at_least() -> None:
    choice = between(NOON - HOUR, NOON - HOUR + timedelta(seconds=2), NOON)
    assert choice.since is not None
    assert choice.until is not None
    assert choice.until - choice.since == timedelta(minutes=1)
    assert choice.since < NOON - HOUR < choice.until


def test_earlier_and_later_keep_the_length_and_later_ends_now() -> None:
    axis = DEFAULT.axis(NOON)
    earlier = beside(axis, -1, NOON)
    assert (earlier.since, earlier.until) == axis.before
    later = beside(earlier.axis(NOON), 1, NOON)
    assert later.until == axis.until
    at_the_end = beside(later.axis(NOON), 1, NOON)
    assert at_the_end.until == NOON.replace(microsecond=0)
    assert at_the_end.axis(NOON).seconds == 3600


def test_a_long_range_is_refreshed_less_often_than_a_short_one() -> None:
    seconds = [Choice(name).axis(NOON).refresh_seconds or 0 for name in RANGES]
    assert (seconds[0], seconds[-1]) == (30, 600)
    assert all(shorter <= longer for shorter, longer in pairwise(seconds))


def test_steps_grow_and_each_divides_a_week() -> None:
    assert list(ranges.STEPS) == sorted(ranges.STEPS)
    assert all(604_800 % step == 0 for step in ranges.STEPS if step < 172_800)
