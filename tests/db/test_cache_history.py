from datetime import UTC, datetime, timedelta

import pytest

from db import cache_history, levels, samples
from db.database import Database
from tests.stored import sql

HOUR = datetime.fromtimestamp(datetime.now(UTC).timestamp() // levels.HOUR * levels.HOUR, UTC)


@pytest.fixture(autouse=True)
async def rolled_up_until_this_hour(db: Database) -> None:
    """Whenever the template was made: the hour may have turned since."""
    await sql(db, "UPDATE rolled_up SET until = %s", HOUR)


async def keep(db: Database, minute: int, **figures: float) -> None:
    readings = cache_history.named({"pages": figures})
    await samples.add(db, "app@a:8501", "one", HOUR + timedelta(minutes=minute), readings)


async def test_the_hit_rate_of_a_range_is_that_of_all_that_was_asked_in_it(db: Database) -> None:
    await keep(db, 0, hits=90.0, misses=10.0, items=5, bytes=500)
    await keep(db, 20, hits=0.0, misses=0.0, items=5, bytes=500)
    await keep(db, 40, hits=0.0, misses=100.0, items=9, bytes=700, saved_ms=12.0)
    found = await cache_history.over_time(db, ["pages", "unheard"], HOUR, HOUR + timedelta(hours=1), 60)
    assert [step["hit_rate"] for step in found["pages"]] == [90, None, 0]
    assert found["pages"][0]["saved_ms"] is None
    assert found["unheard"] == []
    whole = cache_history.over_range(found["pages"])
    assert whole["hit_rate"] == 45
    assert (whole["hits"], whole["misses"], whole["saved_ms"]) == (900, 1100, 120)
    assert whole["bytes"] == pytest.approx(566.7, abs=0.1)


def test_a_range_without_readings_tells_nothing() -> None:
    assert set(cache_history.over_range([]).values()) == {None}


async def test_what_several_processes_did_is_added_up(db: Database) -> None:
    for process in ("app@a:8501", "app@b:8501"):
        readings = cache_history.named({"pages": {"hits": 2.0, "misses": 0.0, "items": 6.0}})
        for second in range(0, 60, 10):
            await samples.add(db, process, process, HOUR + timedelta(seconds=second), readings)
    found = await cache_history.over_time(db, ["pages"], HOUR, HOUR + timedelta(hours=1), 60)
    assert [(step["hits"], step["items"]) for step in found["pages"]] == [(240, 6)]


async def test_namespaces_together_weigh_by_what_was_asked(db: Database) -> None:
    readings = cache_history.named({
        "pages": {"hits": 9.0, "misses": 1.0, "items": 5.0},
        "stats": {"hits": 0.0, "misses": 90.0, "items": 1.0},
    })  # fmt: skip
    await samples.add(db, "app@a:8501", "one", HOUR, readings)
    found = await cache_history.over_time(db, ["pages", "stats"], HOUR, HOUR + timedelta(hours=1), 60)
    (step,) = cache_history.together(found)
    assert (step["hits"], step["items"], step["hit_rate"], step["saved_ms"]) == (90, 6, 9, None)
