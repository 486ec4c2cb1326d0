from datetime import UTC, datetime
from typing import Any

import pytest

from db import telemetry
from db.database import Database
from db.measure import QueryStats
from db.statements import statements

T0 = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def counted(durations: Any, rows: int = 1) -> QueryStats:
    stats = QueryStats()
    for seconds in durations:
        stats.add(seconds, rows)
    return stats


async def test_statements_of_two_askers_are_one_row_that_names_both(db: Database) -> None:
    text = statements()["runs.controls"]
    await telemetry.add_query_stats(
        db,
        "me",
        T0,
        {
            (text, "page jobs"): counted([0.1, 0.3], rows=4),
            (text, "job prune"): counted([0.2]),
            ("SELECT  1", "page jobs"): counted([0.01]),
        },
    )
    await telemetry.add_query_stats(db, "you", T0, {(text, "page jobs"): counted([0.4])})
    first, second = await telemetry.statements_since(db, T0)
    assert (first["statement"], first["calls"], first["rows"]) == ("runs.controls", 4, 10)
    assert first["askers"] == "job prune, page jobs"
    assert first["total_seconds"] == pytest.approx(1.0)
    assert first["mean_seconds"] == pytest.approx(0.25)
    assert (first["max_seconds"], first["p95_seconds"]) == (0.4, pytest.approx(0.4, rel=0.0101))
    assert second["statement"] == "SELECT 1"
    assert len(await telemetry.statements_since(db, T0, limit=1)) == 1


async def test_two_texts_under_one_name_are_added_and_none_is_dropped(db: Database) -> None:
    stats = {("SELECT 1", "me"): counted([0.1]), ("SELECT\n  1", "me"): counted([0.2, 0.3])}
    await telemetry.add_query_stats(db, "me", T0, stats)
    (found,) = await telemetry.statements_since(db, T0)
    assert (found["calls"], found["max_seconds"]) == (3, 0.3)


def test_an_interval_starts_at_a_multiple_of_its_width() -> None:
    assert telemetry.interval_start(1_793_534_409.99) == datetime.fromtimestamp(1_793_534_400, UTC)
    assert telemetry.interval_start(1_793_534_410.0) == datetime.fromtimestamp(1_793_534_410, UTC)
