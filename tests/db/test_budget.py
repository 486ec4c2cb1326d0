import asyncio
from collections.abc import AsyncIterator

import pytest

from collectors.budget import LocalBudget, RateLimit
from db.budget import WINDOW, SharedBudget, client_of
from db.database import Database
from db.measure import QueryRecorder
from settings import ASSUMED_RATE_LIMIT, Settings
from tests.stored import sql


@pytest.fixture
async def budgets(db: Database, database_url: str) -> AsyncIterator[tuple[SharedBudget, SharedBudget]]:
    """The budget of one client as two processes see it, each through a pool of its own."""
    other = Database(database_url, db.schema, QueryRecorder(100), pool_size=4)
    await other.open()
    yield SharedBudget(db, "app"), SharedBudget(other, "app")
    await other.close()


async def test_two_processes_never_take_more_than_the_window_allows(
    budgets: tuple[SharedBudget, SharedBudget],
) -> None:
    await budgets[0].take()
    await budgets[0].report(RateLimit(used=60, remaining=40, reset_seconds=500))
    waits = await asyncio.gather(*(budgets[n % 2].take() for n in range(80)))
    assert sum(wait == 0 for wait in waits) == 40
    assert all(490 < wait <= 500 for wait in waits if wait)
    left = await budgets[1].left()
    assert left is not None
    assert (left.requests, left.allowed) == (0, 100)


async def test_before_any_answer_a_cautious_guess_holds(db: Database) -> None:
    budget = SharedBudget(db, "app")
    assert await budget.left() is None
    assert await budget.take() == 0
    left = await budget.left()
    assert left is not None
    assert (left.requests, left.allowed) == (ASSUMED_RATE_LIMIT - 1, ASSUMED_RATE_LIMIT)
    assert WINDOW.total_seconds() - 60 < left.seconds <= WINDOW.total_seconds()


async def test_when_the_window_has_ended_a_new_one_begins(db: Database) -> None:
    budget = SharedBudget(db, "app")
    await budget.take()
    await budget.report(RateLimit(used=100, remaining=0, reset_seconds=500))
    assert await budget.take() > 0
    await sql(db, "UPDATE request_budgets SET window_ends_at = now() - interval '1 second'")
    left = await budget.left()
    assert left is not None
    assert (left.requests, left.seconds) == (100, 0)
    assert await budget.take() == 0
    left = await budget.left()
    assert left is not None
    assert left.requests == 99


async def test_a_late_report_of_the_same_window_gives_nothing_back(db: Database) -> None:
    budget = SharedBudget(db, "app")
    await budget.take()
    await budget.report(RateLimit(used=10, remaining=90, reset_seconds=500))
    for _ in range(5):
        await budget.take()
    await budget.report(RateLimit(used=11, remaining=89, reset_seconds=499))
    left = await budget.left()
    assert left is not None
    assert left.requests == 85, "four requests are under way and not in Reddit's count yet"


async def test_a_report_of_a_new_window_begins_with_its_count(db: Database) -> None:
    budget = SharedBudget(db, "app")
    await budget.take()
    await budget.report(RateLimit(used=95, remaining=5, reset_seconds=100))
    await budget.report(RateLimit(used=1, remaining=99, reset_seconds=600))
    left = await budget.left()
    assert left is not None
    assert left.requests == 99


async def test_a_full_window_is_waited_for_at_least_half_a_second(db: Database) -> None:
    budget = SharedBudget(db, "app")
    await budget.take()
    await budget.report(RateLimit(used=100, remaining=0, reset_seconds=500))
    await sql(db, "UPDATE request_budgets SET window_ends_at = now() + interval '50 ms'")
    assert await budget.take() in (0.5, 0)  # 0 when this machine slept through the 50 ms


async def test_clients_have_budgets_of_their_own(db: Database) -> None:
    await SharedBudget(db, "one").take()
    assert await SharedBudget(db, "other").left() is None


async def test_plans_leave_a_share_and_last_until_the_windows_end(db: Database) -> None:
    budget = SharedBudget(db, "app")
    assert await budget.affordable(60) == 90
    await budget.take()
    await budget.report(RateLimit(used=500, remaining=500, reset_seconds=400))
    assert 99 <= await budget.affordable(100) <= 101
    assert await budget.affordable(4000) == 400, "never more than the window holds"
    await budget.report(RateLimit(used=950, remaining=50, reset_seconds=400))
    assert await budget.affordable(400) == 0


@pytest.mark.parametrize(
    ("source", "reddit_id", "client"),
    [
        ("auto", None, "sandbox"),
        ("auto", "abc", "abc"),
        ("sandbox", "abc", "sandbox"),
        ("arctic_shift", "abc", "arctic_shift"),
    ],
)
def test_each_source_and_each_reddit_app_counts_apart(
    source: str, reddit_id: str | None, client: str
) -> None:
    settings = Settings(
        subpulse_source=source,  # type: ignore[arg-type]
        reddit_client_id=reddit_id,
        reddit_client_secret=reddit_id,
    )
    assert client_of(settings) == client


async def test_nothing_remaining_keeps_the_limit_known_before(db: Database) -> None:
    budget = SharedBudget(db, "app")
    await budget.take()
    await budget.report(RateLimit(used=10, remaining=290, reset_seconds=500))
    await budget.report(RateLimit(used=380, remaining=0, reset_seconds=499))
    assert await budget.take() > 490
    left = await budget.left()
    assert left is not None
    assert (left.requests, left.allowed) == (0, 300), "Reddit counts on beyond its limit"


async def test_a_window_that_ends_later_than_was_guessed_keeps_its_count(db: Database) -> None:
    budget = SharedBudget(db, "app")
    for _ in range(4):
        await budget.take()
    await budget.report(RateLimit(used=1, remaining=99, reset_seconds=200))
    left = await budget.left()
    assert left is not None
    assert left.requests == 96, "three more are under way"


async def taken(budget: LocalBudget | SharedBudget) -> int:
    count = 0
    while await budget.take() == 0:
        count += 1
    return count


@pytest.mark.parametrize("shared", [False, True])
async def test_what_remains_is_enough_to_go_by(db: Database, shared: bool) -> None:
    """Arctic Shift does not say what was used: three under way must not be given away twice."""
    budget = SharedBudget(db, "app") if shared else LocalBudget()
    for _ in range(4):
        await budget.take()
    await budget.report(RateLimit(used=None, remaining=20, reset_seconds=500))
    for remaining in (19, 18, 17):
        await budget.report(RateLimit(used=None, remaining=remaining, reset_seconds=500))
    assert await taken(budget) == 17
    await budget.report(RateLimit(used=None, remaining=5, reset_seconds=500))
    assert await taken(budget) == 0, "an answer that was long on its way gives nothing back"


@pytest.mark.parametrize("shared", [False, True])
async def test_a_new_window_is_known_by_its_end_where_only_what_remains_is_said(
    db: Database, shared: bool
) -> None:
    budget = SharedBudget(db, "app") if shared else LocalBudget()
    await budget.take()
    await budget.report(RateLimit(used=None, remaining=0, reset_seconds=1))
    assert await budget.take() > 0
    await budget.report(RateLimit(used=None, remaining=29, reset_seconds=60))
    assert await taken(budget) == 29
