from datetime import UTC, datetime, timedelta

import pytest

from db import samples, series
from db.database import Database
from db.series import SERIES, within_interval
from tests.stored import sql

NOW = datetime.now(UTC)


def test_ten_seconds_become_one_value_as_each_series_wants_it() -> None:
    seconds = [
        {"cpu": 10.0, "loop_lag_max": 1.0, "rss": 5.0, "hit_rate": None},
        {"cpu": 30.0, "loop_lag_max": 90.0, "rss": 7.0, "hit_rate": None},
        {"cpu": None, "loop_lag_max": 2.0, "rss": 6.0},
    ]
    assert within_interval(seconds) == {"cpu": 20.0, "loop_lag_max": 90.0, "rss": 6.0}


def test_a_series_that_nobody_described_keeps_its_last_value() -> None:
    assert within_interval([{"new": 1.0}, {"new": 2.0}]) == {"new": 2.0}


@pytest.mark.parametrize("name", SERIES)
def test_each_series_is_named_as_people_call_it(name: str) -> None:
    assert SERIES[name].title
    assert name == name.lower()


async def test_processes_of_a_range_are_told_the_app_first(db: Database) -> None:
    for process, minutes in (("worker@b", 1), ("app@a:8501", 1), ("worker@old", 50), ("worker@b", 2)):
        await samples.add(db, process, f"{process}{minutes}", NOW - timedelta(minutes=minutes), {"rss": 1.0})
    assert await series.processes(db, NOW - timedelta(minutes=5), NOW) == ["app@a:8501", "worker@b"]


async def test_processes_of_long_ago_are_known_from_rolled_up_hours(db: Database) -> None:
    await sql(
        db,
        "INSERT INTO samples (width, at, process, packed) "
        "VALUES (3600, date_trunc('hour', now()) - interval '1 hour', 'worker@gone', '')",
    )
    since = NOW.replace(minute=0, second=0, microsecond=0) - timedelta(minutes=30)
    assert await series.processes(db, since, NOW) == ["worker@gone"]
