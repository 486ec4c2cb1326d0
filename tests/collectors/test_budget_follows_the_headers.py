"""The rate-limit headers and the budget of one process."""

from dataclasses import dataclass

import pytest

from collectors.budget import LocalBudget, RateLimit


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def headers(used: str = "4", remaining: str = "996.0", reset: str = "305") -> dict[str, str]:
    return {"X-Ratelimit-Used": used, "x-ratelimit-remaining": remaining, "X-RATELIMIT-RESET": reset}


async def taken(budget: LocalBudget) -> int:
    """How many requests may go at once."""
    count = 0
    while await budget.take() == 0:
        count += 1
    return count


def test_remaining_is_decimal_text() -> None:
    assert RateLimit.from_headers(headers()) == RateLimit(4, 996.0, 305.0)


def test_a_reset_beyond_the_window_is_cut() -> None:
    rate = RateLimit.from_headers(headers(reset="1700000000"))
    assert rate is not None
    assert rate.reset_seconds == 600.0


async def test_a_limit_below_one_does_not_stop_us_for_ever() -> None:
    clock = Clock()
    budget = LocalBudget(clock)
    await budget.report(RateLimit(used=0, remaining=0.4, reset_seconds=1.0))
    clock.now = 1.0
    assert await taken(budget) == 1


def test_a_reset_of_zero_is_not_at_once() -> None:
    rate = RateLimit.from_headers(headers(used="1000", remaining="0", reset="0"))
    assert rate == RateLimit(1000, 0.0, 1.0)


@pytest.mark.parametrize(
    "broken", [{"remaining": "many"}, {"used": "-1"}, {"reset": "inf"}, {"reset": "nan"}]
)
def test_unreadable_headers_are_no_headers(broken: dict[str, str]) -> None:
    assert RateLimit.from_headers(headers(**broken)) is None
    assert RateLimit.from_headers({}) is None


async def test_a_thousand_requests_go_until_the_headers_say_otherwise() -> None:
    assert await taken(LocalBudget(Clock())) == 1000


async def test_a_spent_budget_waits_for_the_window_to_end() -> None:
    clock = Clock()
    budget = LocalBudget(clock)
    await taken(budget)
    clock.now = 590.0
    assert await budget.take() == 10.0
    clock.now = 600.0
    assert await budget.take() == 0.0


async def test_the_headers_set_limit_and_window() -> None:
    clock = Clock()
    budget = LocalBudget(clock)
    await budget.report(RateLimit(used=100, remaining=200.0, reset_seconds=60.0))
    assert await taken(budget) == 200
    assert await budget.take() == 60.0
    clock.now = 60.0
    assert await taken(budget) == 300


async def test_what_other_processes_used_counts() -> None:
    budget = LocalBudget(Clock())
    await budget.take()
    await budget.report(RateLimit(used=990, remaining=10.0, reset_seconds=600.0))
    assert await taken(budget) == 10


async def test_requests_under_way_stay_counted() -> None:
    budget = LocalBudget(Clock())
    for _ in range(5):
        await budget.take()
    await budget.report(RateLimit(used=1, remaining=999.0, reset_seconds=600.0))
    assert await taken(budget) == 995


async def test_nothing_remaining_keeps_the_limit_known_before() -> None:
    clock = Clock()
    budget = LocalBudget(clock)
    await budget.report(RateLimit(used=0, remaining=300.0, reset_seconds=60.0))
    await budget.report(RateLimit(used=380, remaining=0.0, reset_seconds=60.0))
    assert await budget.take() == 60.0
    clock.now = 60.0
    assert await taken(budget) == 300


async def test_a_window_that_began_elsewhere_is_noticed() -> None:
    clock = Clock()
    budget = LocalBudget(clock)
    await budget.report(RateLimit(used=1000, remaining=0.0, reset_seconds=1.0))
    clock.now = 0.5
    await budget.report(RateLimit(used=1, remaining=999.0, reset_seconds=599.0))
    assert await taken(budget) == 999
