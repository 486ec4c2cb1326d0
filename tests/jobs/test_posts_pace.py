from datetime import UTC, datetime, timedelta

import pytest

from jobs.posts_pace import FIRST_SPAN, FIRST_TOGETHER, FULL, LATEST, SOONEST, Due, again_in, groups, pace

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def due(n: int, per_hour: float | None = 1.0, hours_ago: float | None = 1.0) -> Due:
    collected_at = None if hours_ago is None else NOW - timedelta(hours=hours_ago)
    return Due(f"t5_{n}", f"Tea{n}", per_hour, collected_at)


def sizes(every: list[Due], most_names: int = 50) -> list[int]:
    return [len(group) for group in groups(every, most_names, NOW)]


def test_everyone_is_in_one_group() -> None:
    every = [due(n, n / 3, n % 7 if n % 5 else None) for n in range(500)]
    found = [one for group in groups(every, 50, NOW) for one in group]
    assert sorted(one.id for one in found) == sorted(one.id for one in every)


def test_quiet_ones_share_a_call_as_far_as_names_go() -> None:
    assert sizes([due(n, 0.1) for n in range(120)]) == [50, 50, 20]
    assert sizes([due(n, 0.1) for n in range(5)], most_names=2) == [2, 2, 1]


def test_a_group_expects_no_more_posts_than_a_page_holds() -> None:
    assert sizes([due(n, 10.0) for n in range(16)]) == [7, 7, 2]
    assert sizes([due(1, 500.0), due(2, 500.0)]) == [1, 1]
    assert FULL == 80


def test_whoever_waited_longer_is_expected_to_have_more() -> None:
    hours = [1.0] * 10 + [7.0] * 10
    every = [due(n, 2.0, ago) for n, ago in enumerate(hours)]
    found = groups(every, 50, NOW)
    assert [{one.collected_at for one in group} for group in found[:2]] == [{NOW - timedelta(hours=7)}] * 2
    assert [len(group) for group in found][-1] >= 10


def test_those_never_collected_are_few_together() -> None:
    assert sizes([due(n, None, None) for n in range(12)]) == [FIRST_TOGETHER, FIRST_TOGETHER, 2]
    assert sizes([due(1, None, None), due(2)]) == [1, 1]
    assert sizes([]) == []


def test_the_first_time_a_day_is_wanted_and_then_everything_since() -> None:
    assert due(1, None, None).since(NOW) == NOW - FIRST_SPAN
    assert NOW - timedelta(hours=1, minutes=5) < due(1).since(NOW) < NOW - timedelta(hours=1)


@pytest.mark.parametrize(
    ("before", "seen", "hours", "expected"),
    [
        (None, 12, 6.0, 2.0),
        (None, 0, 5.0, 0.1),
        (0.0, 3, 1.0, 3.0),
        (2.0, 4, 2.0, 2.0),
        (2.0, 0, 0.01, 1.992),
        (1.0, 95, 5.0, 10.0),
    ],
)
def test_a_pace_is_learnt_from_what_was_seen_and_what_was_known(
    before: float | None, seen: int, hours: float, expected: float
) -> None:
    assert pace(before, seen, hours) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize(
    ("per_hour", "expected"),
    [
        (0.0, LATEST),
        (1e-12, LATEST),
        (0.5, LATEST),
        (10.0, timedelta(minutes=30)),
        (30.0, timedelta(minutes=10)),
        (1000.0, SOONEST),
    ],
)
def test_its_turn_comes_when_some_posts_will_be_new(per_hour: float, expected: timedelta) -> None:
    assert again_in(per_hour) == expected
