from datetime import UTC, datetime, timedelta
from typing import Any

from collectors.outcome import Alive, Outcome, Refused, Unknown
from db.database import Database
from jobs import read_history
from jobs.context import Context
from jobs.schedule import jobs_of
from settings import Settings
from tests.factories import subreddit
from tests.jobs.told import ToldSource
from tests.stored import keep, sql

Points = tuple[tuple[datetime, int], ...]
DAY = datetime(2026, 3, 1, tzinfo=UTC)
POINTS: Points = tuple((DAY + timedelta(days=n, minutes=3), 100 + n) for n in range(5))


class Remembering(ToldSource):
    """A source that knows everybody's past."""

    async def subscriber_history(self, name: str, since: datetime) -> Outcome[Points]:
        self.asked.append(("history", (name,)))
        return self._failure([name]) or Alive(POINTS)


async def points(db: Database) -> list[tuple[Any, ...]]:
    return await sql(db, "SELECT subscribers FROM subreddit_snapshots WHERE at < '2026-04-01' ORDER BY at")


async def test_the_past_is_asked_for_once_the_largest_first(db: Database, context: Context) -> None:
    await keep(db, *(subreddit(id=f"t5_{n}", name=f"Tea{n}", subscribers=n) for n in range(30)))
    context.source = source = Remembering()
    assert await read_history.run(context) == 18 * 5, "four in a hundred of five minutes of 90 calls"
    assert source.calls("history")[:2] == [("Tea29",), ("Tea28",)]
    assert await read_history.run(context) == 12 * 5
    assert await read_history.run(context) == 0


async def test_our_own_readings_stay(db: Database, context: Context) -> None:
    await keep(db, subreddit(subscribers=7, read_at=DAY + timedelta(days=2, minutes=50)))
    context.source = Remembering()
    assert await read_history.run(context) == 4
    assert await points(db) == [(100,), (101,), (7,), (103,), (104,)]


async def test_who_is_not_known_there_is_not_asked_again_and_who_failed_is(
    db: Database, context: Context
) -> None:
    await keep(db, subreddit(), subreddit(id="t5_2", name="Kettles", subscribers=1))
    context.source = source = Remembering()
    source.fails = {"Teapots": Refused("missing", "told so"), "Kettles": Unknown("timeout", "told so")}
    assert await read_history.run(context) == 0
    source.fails = {}
    assert await read_history.run(context) == 5
    assert [name for (name,) in source.calls("history")] == ["Teapots", "Kettles", "Kettles"]


async def test_a_source_without_memory_is_left_alone(db: Database, context: Context) -> None:
    await keep(db, subreddit())
    context.source = ToldSource()
    assert await read_history.run(context) == 0


def test_only_an_archive_has_the_job() -> None:
    assert "read_history" in jobs_of(Settings(subpulse_source="arctic_shift"))
    assert "read_history" not in jobs_of(Settings(subpulse_source="sandbox"))
