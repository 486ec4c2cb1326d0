"""When a probe is down and when it is up again, for every order of good and bad checks."""

from datetime import UTC, datetime, timedelta

import pytest

from db.probes import Standing, State
from jobs.probe_states import standing_after

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def minute(n: int) -> datetime:
    return BEGAN + timedelta(minutes=n)


def states(checks: str, down_after: int = 2, up_after: int = 1) -> tuple[str, Standing]:
    """The state after each check (`.` good, `x` bad), by its first letter, and how it stands at last."""
    standing, letters = Standing("unknown", BEGAN), ""
    for n, check in enumerate(checks, 1):
        standing = standing_after(standing, check == ".", minute(n), down_after, up_after)
        letters += standing.state[0]
    return letters, standing


@pytest.mark.parametrize(
    ("checks", "down_after", "up_after", "expected"),
    [
        (".", 2, 1, "u"),
        ("..x.x.", 2, 1, "uuuuuu"),
        (".xx", 2, 1, "uud"),
        (".xx.", 2, 1, "uudu"),
        (".xxx.xx", 2, 1, "uuddu" "ud"),
        (".x", 1, 1, "ud"),
        (".xx.x..", 2, 2, "uudddd" "u"),
        ("xx", 2, 1, "ud"),
        ("x.", 2, 1, "uu"),
    ],
)  # fmt: skip
def test_only_enough_in_a_row_change_the_state(
    checks: str, down_after: int, up_after: int, expected: str
) -> None:
    assert states(checks, down_after, up_after)[0] == expected


@pytest.mark.parametrize(
    ("checks", "state", "since"),
    [(".xx", "down", 2), (".xxx", "down", 2), (".x.xx", "down", 4), (".xx..", "up", 4), ("xx", "down", 1)],
)
def test_an_outage_began_with_the_first_failure_of_its_row(checks: str, state: State, since: int) -> None:
    assert states(checks)[1] == Standing(state, minute(since))


def test_what_speaks_against_the_state_is_counted() -> None:
    assert states(".xx", down_after=4)[1] == Standing("up", minute(1), 2, minute(2))
