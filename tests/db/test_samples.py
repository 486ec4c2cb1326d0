"""Readings of a process over any range: mean, lowest and highest, through restarts and roll-ups."""

from datetime import UTC, datetime

import pytest

from db import levels, rollup, samples
from db.database import Database
from tests.stored import sql

NOW = int(datetime.now(UTC).timestamp() // levels.HOUR * levels.HOUR)


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.fixture(autouse=True)
async def rolled_up_until_now(db: Database) -> None:
    """Whenever the template was made: the hour may have turned since."""
    await sql(db, "UPDATE rolled_up SET until = %s", at(NOW))


async def test_a_missing_reading_is_stored_as_nothing(db: Database) -> None:
    await samples.add(db, "app", "me", at(NOW), {"rss": 5.0, "p95": None, "cpu": 0.0})
    await samples.add(db, "app", "me", at(NOW + 10), {"p95": None})
    found = await samples.over_time(db, ("rss", "p95", "cpu"), at(NOW), at(NOW + 20), 10)
    assert {name: [step["mean"] for step in steps] for name, steps in found.items()} == {
        "rss": [5.0],
        "p95": [],
        "cpu": [0.0],
    }


async def test_a_process_is_one_line_before_and_after_its_restart(db: Database) -> None:
    for moment, instance, process in ((0, "a", "app"), (10, "b", "app"), (10, "c", "worker")):
        await samples.add(db, process, instance, at(NOW + moment), {"rss": float(moment + 1)})
    app = (await samples.over_time(db, ["rss"], at(NOW), at(NOW + 60), 60, "app"))["rss"]
    assert [(step["mean"], step["low"], step["high"]) for step in app] == [(6.0, 1.0, 11.0)]
    every = (await samples.over_time(db, ["rss"], at(NOW), at(NOW + 20), 10))["rss"]
    assert [step["at"] for step in every] == [at(NOW), at(NOW + 10)]


async def test_a_rolled_up_hour_tells_the_same_as_its_readings(db: Database) -> None:
    begin = NOW - levels.HOUR
    await sql(db, "UPDATE rolled_up SET until = %s", at(begin))
    for moment in range(0, levels.HOUR, 30):
        await samples.add(db, "app", "me", at(begin + moment), {"rss": float(moment), "posts": 1e6})
    before = await samples.over_time(db, ["rss", "posts"], at(begin), at(NOW), 60)
    assert await rollup.roll_up(db, NOW + 61) == 1
    assert await samples.over_time(db, ["rss", "posts"], at(begin), at(NOW), 60) == before
    (hour,) = (await samples.over_time(db, ["rss"], at(begin), at(NOW), 3600))["rss"]
    assert (hour["mean"], hour["low"], hour["high"]) == (pytest.approx(1785), 0, 3570)
