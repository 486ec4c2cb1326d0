import pytest

from db.alerts import State
from jobs.alert_rules import MEMORY, Rule, Streak, page_of


def states(*values: float, rule: Rule = MEMORY, begin: State = "ok") -> str:
    """The state after each reading, as `.` for ok and `F` for firing."""
    streak, state, seen = Streak(rule), begin, ""
    for value in values:
        state = streak.reading(state, value)
        seen += "F" if state == "firing" else "."
    return seen


def test_the_memory_alert_fires_above_80_per_cent_and_is_over_below_75() -> None:
    assert (MEMORY.fire_above, MEMORY.clear_below) == (80, 75)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((81,), "."),
        ((81, 81), ".F"),
        ((81, 79, 81), "..."),
        ((81, 79, 81, 81), "...F"),
        ((80, 80, 80), "..."),
        ((80.01, 100), ".F"),
        ((90, 90, 74), ".FF"),
        ((90, 90, 74, 74), ".FF."),
        ((90, 90, 75, 75, 75), ".FFFF"),
        ((90, 90, 74, 76, 74), ".FFFF"),
        ((90, 90, 74, 74, 90, 90), ".FF..F"),
        ((90, 90, 90, 90, 90), ".FFFF"),
    ],
)
def test_it_takes_two_readings_in_a_row_to_leave_a_state(values: tuple[float, ...], expected: str) -> None:
    assert states(*values) == expected


def test_flapping_between_the_thresholds_changes_nothing() -> None:
    flapping = (79.9, 75.1) * 50
    assert states(*flapping) == "." * 100
    assert states(*flapping, begin="firing") == "F" * 100


def test_how_many_readings_it_takes_is_a_matter_of_the_rule() -> None:
    rule = Rule("latency", fire_above=300, clear_below=200, fire_after=3, clear_after=1)
    assert states(301, 301, 301, 250, 199, rule=rule) == "..FF."
    eager = Rule("latency", fire_above=300, clear_below=200, fire_after=1, clear_after=1)
    assert states(301, 199, 301, rule=eager) == "F.F"


def test_a_streak_does_not_outlive_the_state_it_was_for() -> None:
    streak = Streak(MEMORY)
    assert streak.reading("ok", 90) == "ok"
    assert streak.reading("firing", 90) == "firing", "another process was first"
    assert streak.reading("ok", 90) == "ok"


def test_an_alert_leads_to_the_page_that_says_more() -> None:
    rules = ("memory", "source reddit", "probe 7", "probe tls 7", "of tomorrow")
    assert [page_of(rule) for rule in rules] == ["system", "sources", "probes", "probes", ""]
