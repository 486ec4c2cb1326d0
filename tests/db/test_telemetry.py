from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from db import histogram, telemetry
from db.database import Database
from db.measure import QueryStats
from db.statements import statements
from db.telemetry import RouteInterval
from tests.stored import sql

T0 = datetime(2026, 11, 1, 12, tzinfo=UTC)


def interval(durations: Any, **overrides: Any) -> RouteInterval:
    fields: dict[str, Any] = {
        "route": "/api/stats",
        "method": "GET",
        "status_class": 2,
        "count": len(durations),
        "sum_seconds": float(sum(durations)),
        "max_seconds": float(max(durations)),
        "histogram": histogram.encode(histogram.counts_of(durations)),
    }
    return RouteInterval(**(fields | overrides))


def exact(durations: Any, share: float) -> float:
    return float(np.quantile(durations, share, method="inverted_cdf"))


def counted(durations: Any, rows: int = 1) -> QueryStats:
    stats = QueryStats()
    for seconds in durations:
        stats.add(seconds, rows)
    return stats


async def test_quantiles_of_two_processes_and_many_intervals_are_within_one_per_cent(db: Database) -> None:
    chance = np.random.default_rng(7)
    every = []
    for number in range(6):
        durations = chance.lognormal(-4 + number / 3, 1, 500)
        every.append(durations)
        at = T0 + timedelta(seconds=10 * (number // 2))
        await telemetry.add_latency(db, f"process {number % 2}", at, [interval(durations)])
    (route,) = await telemetry.latency_by_route(db, T0)
    whole = np.concatenate(every)
    assert route.count == 3000
    for found, share in ((route.p50, 0.5), (route.p95, 0.95), (route.p99, 0.99)):
        assert found == pytest.approx(exact(whole, share), rel=0.0101)
    assert route.mean == pytest.approx(whole.mean())
    assert route.max == pytest.approx(whole.max())


async def test_two_flushes_in_one_interval_add_up(db: Database) -> None:
    for durations in ([0.1, 0.2], [0.4]):
        await telemetry.add_latency(db, "me", T0, [interval(durations)])
    (route,) = await telemetry.latency_by_route(db, T0)
    assert (route.count, route.max) == (3, 0.4)
    assert route.mean == pytest.approx(0.7 / 3)
    assert route.p50 == pytest.approx(0.2, rel=0.0101)
    assert route.p99 == pytest.approx(0.4, rel=0.0101)


async def test_routes_are_apart_busiest_first_and_errors_are_counted_by_whose_they_are(db: Database) -> None:
    await telemetry.add_latency(
        db,
        "me",
        T0,
        [
            interval([0.1] * 5),
            interval([0.1] * 3, status_class=5),
            interval([0.1] * 2, status_class=4),
            interval([0.1], method="POST"),
            interval([0.1] * 20, route="/health"),
        ],
    )
    routes = await telemetry.latency_by_route(db, T0)
    assert [(one.route, one.method, one.count, one.server_errors, one.client_errors) for one in routes] == [
        ("/health", "GET", 20, 0, 0),
        ("/api/stats", "GET", 10, 3, 2),
        ("/api/stats", "POST", 1, 0, 0),
    ]


async def test_what_lies_before_the_range_is_left_out(db: Database) -> None:
    for minutes in (0, 1):
        await telemetry.add_latency(db, "me", T0 + timedelta(minutes=minutes), [interval([0.1])])
    (route,) = await telemetry.latency_by_route(db, T0 + timedelta(minutes=1))
    assert route.count == 1
    assert await telemetry.latency_by_route(db, T0 + timedelta(minutes=2)) == []


async def test_latency_over_time_has_a_row_per_step_in_which_something_came(db: Database) -> None:
    for seconds, duration in ((0, 0.1), (50, 0.2), (60, 0.4), (200, 0.8)):
        at = T0 + timedelta(seconds=seconds)
        await telemetry.add_latency(db, "me", at, [interval([duration]), interval([9.0], route="/health")])
    minute = timedelta(minutes=1)
    steps = await telemetry.latency_over_time(db, T0, minute, "/api/stats")
    assert [(step["at"] - T0, step["count"]) for step in steps] == [
        (0 * minute, 2),
        (minute, 1),
        (3 * minute, 1),
    ]
    assert [step["p99"] for step in steps] == pytest.approx([0.2, 0.4, 0.8], rel=0.0101)
    assert "histogram" not in steps[0]
    together = await telemetry.latency_over_time(db, T0, minute)
    assert [step["count"] for step in together] == [4, 2, 2]
    assert together[0]["p99"] == pytest.approx(9.0, rel=0.0101)


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


async def test_a_missing_reading_is_stored_as_nothing(db: Database) -> None:
    await telemetry.add_samples(db, "me", T0, {"rss": 5.0, "p95": None, "cpu": 0.0})
    rows = await telemetry.samples_since(db, ("rss", "p95", "cpu"), T0)
    assert {row["series"]: row["value"] for row in rows} == {"rss": 5.0, "cpu": 0.0}


async def test_samples_come_oldest_first_by_series_and_process(db: Database) -> None:
    for seconds in (20, 0, 10):
        for instance in ("me", "you"):
            at = T0 + timedelta(seconds=seconds)
            await telemetry.add_samples(db, instance, at, {"rss": float(seconds), "cpu": 1.0})
    await telemetry.add_samples(db, "me", T0, {"rss": 99.0})  # the same moment again changes nothing
    rows = await telemetry.samples_since(db, ["rss"], T0, "me")
    assert [row["value"] for row in rows] == [0.0, 10.0, 20.0]
    assert len(await telemetry.samples_since(db, ["rss"], T0 + timedelta(seconds=10))) == 4


async def test_nothing_measured_is_nothing_stored(db: Database) -> None:
    await telemetry.add_latency(db, "me", T0, [])
    await telemetry.add_samples(db, "me", T0, {"p95": None})
    await telemetry.add_query_stats(db, "me", T0, {})
    assert await sql(
        db,
        "SELECT (SELECT count(*) FROM latency) + (SELECT count(*) FROM samples) + count(*) FROM query_stats",
    ) == [(0,)]


def test_an_interval_starts_at_a_multiple_of_its_width() -> None:
    assert telemetry.interval_start(1_793_534_409.99) == datetime.fromtimestamp(1_793_534_400, UTC)
    assert telemetry.interval_start(1_793_534_410.0) == datetime.fromtimestamp(1_793_534_410, UTC)
