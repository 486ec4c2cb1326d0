import pytest

from db.budget import WINDOW
from jobs.context import Context
from jobs.schedule import jobs_of
from jobs.shares import SHARES, calls
from settings import Settings


def test_jobs_that_plan_at_the_same_moment_cannot_overspend() -> None:
    assert sum(SHARES.values()) == pytest.approx(1)


def test_every_share_is_a_jobs() -> None:
    assert SHARES.keys() <= jobs_of(Settings(subpulse_source="arctic_shift")).keys()


async def test_all_starts_of_a_window_together_cost_no_more_than_is_planned_with(context: Context) -> None:
    jobs = jobs_of(Settings(subpulse_source="arctic_shift"))
    spent = 0.0
    for name in SHARES:
        every = jobs[name].every
        spent += await calls(context.budget, name, every) * (WINDOW / every)
    assert 0.9 * 900 < spent <= 900


async def test_when_the_window_is_used_up_nobody_may_start(context: Context) -> None:
    await context.budget.take()
    async with context.db.connection() as connection:
        await connection.execute("UPDATE request_budgets SET used = allowed")
    jobs = jobs_of(Settings(subpulse_source="arctic_shift"))
    assert [await calls(context.budget, name, jobs[name].every) for name in SHARES] == [0] * len(SHARES)
