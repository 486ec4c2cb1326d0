"""Any range of the past is told from few rows, and as exactly as from all requests."""

from collections import defaultdict
from datetime import UTC, datetime

import numpy as np
import psycopg
import pytest

from db import histogram, latency, levels, partitions, rollup
from db.database import Database, Session, with_schema
from tests.conftest import SCHEMA
from tests.stored import partition, partitioned, sql

HOUR, DAY = levels.HOUR, levels.DAY
STATS = ("/api/stats", "GET", 2)
NOW = int(datetime.now(UTC).timestamp() // HOUR * HOUR)


def counts(*durations: float) -> histogram.Counts:
    return histogram.counts_of(durations)


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.fixture(autouse=True)
async def rolled_up_until_now(db: Database) -> None:
    """Whenever the template was made: the hour may have turned since."""
    await sql(db, "UPDATE rolled_up SET until = %s", at(NOW))


@pytest.fixture
async def partitions_since(db: Database, database_url: str) -> None:
    """Room for 70 days, in one partition where fresh intervals would not be kept for so long."""
    with psycopg.connect(with_schema(database_url, SCHEMA), autocommit=True) as connection:
        partitions.ensure(connection, at(NOW - 70 * DAY))
    ((oldest,),) = await sql(
        db, "SELECT min(inhrelid::regclass::text) FROM pg_inherits WHERE inhparent = 'latency_live'::regclass"
    )
    await partition(db, "latency_live", at(NOW - 70 * DAY), partitioned("latency_live").begin(oldest))


async def begin_at(db: Database, since: int) -> None:
    """As if the roll-up had come as far as `since`."""
    await sql(db, "UPDATE rolled_up SET until = %s", at(since))


async def test_quantiles_of_two_processes_and_many_intervals_are_within_one_per_cent(db: Database) -> None:
    chance = np.random.default_rng(7)
    every = []
    for number in range(6):
        durations = chance.lognormal(-4 + number / 3, 1, 500)
        every.append(durations)
        interval = NOW + 10 * (number // 2)
        await latency.add(db, f"process {number % 2}", {interval: {STATS: histogram.counts_of(durations)}})
    (route,) = await latency.by_route(db, at(NOW), at(NOW + 60))
    whole = np.concatenate(every)
    assert route.count == 3000
    for found, share in ((route.p50, 0.5), (route.p95, 0.95), (route.p99, 0.99)):
        assert found == pytest.approx(np.quantile(whole, share, method="inverted_cdf"), rel=0.0101)
    assert route.mean == pytest.approx(whole.mean(), rel=0.0101)
    assert route.max == pytest.approx(whole.max(), rel=0.0101)


async def test_routes_are_apart_busiest_first_and_errors_are_counted_by_whose_they_are(db: Database) -> None:
    interval = {
        ("/health", "GET", 2): counts(0.001),
        ("/api/stats", "GET", 2): counts(0.1, 0.2),
        ("/api/stats", "GET", 5): counts(0.3),
        ("/api/stats", "GET", 4): counts(0.1, 0.1),
        ("/api/stats", "GET", 3): counts(0.1),
    }
    await latency.add(db, "me", {NOW: interval})
    stats, health = await latency.by_route(db, at(NOW), at(NOW + 10))
    assert (stats.route, stats.count, stats.server_errors, stats.client_errors) == ("/api/stats", 6, 1, 2)
    assert stats.redirections == 1
    assert (health.route, health.count, health.server_errors) == ("/health", 1, 0)


async def test_two_flushes_of_one_interval_and_a_restart_add_up(db: Database) -> None:
    for process, durations in (("me", (0.1, 0.2)), ("me", (0.4,)), ("me again", (0.4,))):
        await latency.add(db, process, {NOW: {STATS: counts(*durations)}})
    (route,) = await latency.by_route(db, at(NOW), at(NOW + 10))
    assert route.count == 4


@pytest.mark.usefixtures("partitions_since")
async def test_any_range_tells_what_was_stored_in_it_to_the_request(db: Database) -> None:
    """Sixty-five days, an interval every eleven minutes or so, against a plain count of what lies in the range."""
    chance = np.random.default_rng(11)
    begin = NOW - 65 * DAY
    begin -= begin % (30 * DAY)
    begin = max(begin, NOW - 69 * DAY)
    await begin_at(db, begin)
    stored: dict[int, int] = defaultdict(int)
    moment = begin
    hourly: dict[int, dict[int, dict[latency.Series, histogram.Counts]]] = defaultdict(dict)
    while moment < NOW + 30:
        moment += int(chance.integers(1, 132)) * 10
        stored[moment] += 2
        hourly[moment // HOUR][moment] = {STATS: counts(0.1), ("/health", "GET", 2): counts(0.002)}
    for hour, intervals in sorted(hourly.items()):
        await begin_at(db, hour * HOUR)
        await latency.add(db, "me", intervals)
    await begin_at(db, begin)
    assert await rollup.roll_up(db, NOW + 61) == (NOW - begin) // HOUR
    assert await rollup.roll_up(db, NOW + 61) == 0
    widths = {width for (width,) in await sql(db, "SELECT DISTINCT width FROM latency")}
    assert widths >= {10, 60, 3600, 86400}

    for _ in range(30):
        since = NOW - int(chance.integers(1, 46 * HOUR // 10)) * 10
        until = since + int(chance.integers(1, (NOW - since) // 10 + 2)) * 10
        assert await told(db, since, until) == inside(stored, since, until), (since, until)
    for _ in range(20):
        since = NOW - int(chance.integers(48, 24 * 29)) * HOUR + 60 * int(chance.integers(0, 59))
        until = since + int(chance.integers(1, (NOW - since) // 60)) * 60
        assert await told(db, since, until) == inside(stored, since, until), (since, until)
    since = NOW - 64 * DAY
    assert await told(db, since, NOW + 60) == inside(stored, since, NOW + 60)


@pytest.mark.usefixtures("partitions_since")
async def test_after_days_of_outage_the_hour_before_it_is_still_rolled_up(db: Database) -> None:
    hour = NOW - 5 * DAY  # whose 10 s would be dropped already
    await begin_at(db, hour)
    await latency.add(db, "me", {hour + 20: {STATS: counts(0.1)}})
    await rollup.roll_up(db, NOW + 61)
    assert {width for (width,) in await sql(db, "SELECT DISTINCT width FROM latency")} >= {60, 3600}
    assert await told(db, hour, NOW) == 1


async def told(db: Database, since: int, until: int) -> int:
    routes = await latency.by_route(db, at(since), at(until))
    step = max((until - since) // 100 // 3600 * 3600, 10)
    steps = await latency.over_time(db, at(since), at(until), step)
    if since % steps.step_seconds == until % steps.step_seconds == 0:
        assert sum(steps.count) == sum(route.count for route in routes)
    return sum(route.count for route in routes)


def inside(stored: dict[int, int], since: int, until: int) -> int:
    return sum(count for moment, count in stored.items() if since <= moment < until)


async def test_what_comes_after_its_hour_was_rolled_up_is_counted_in_the_next(db: Database) -> None:
    await begin_at(db, NOW)
    await latency.add(db, "late", {NOW - 7200: {STATS: counts(0.1)}, NOW + 20: {STATS: counts(0.1)}})
    (route,) = await latency.by_route(db, at(NOW), at(NOW + 60))
    assert route.count == 2


async def test_steps_without_requests_are_told_as_none(db: Database) -> None:
    failed = ("/api/stats", "GET", 5)
    await latency.add(db, "me", {NOW: {STATS: counts(0.1)}, NOW + 120: {failed: counts(0.4)}})
    await latency.add(db, "me", {NOW: {("page jobs", "PAGE", 2): counts(9.0)}})
    steps = await latency.over_time(db, at(NOW), at(NOW + 180), 60, methods=("GET",))
    assert steps.count == [1, 0, 1]
    assert steps.server_errors == [0, 0, 1]
    assert steps.p95[1] is None
    assert [steps.p95[0], steps.p95[2]] == pytest.approx([0.1, 0.4], rel=0.0101)
    assert steps.counts.shape == (3, histogram.BUCKETS)
    (whole,) = (await latency.over_time(db, at(NOW), at(NOW + 60), 60)).count
    assert whole == 2
    one = await latency.over_time(db, at(NOW), at(NOW + 60), 60, route="page jobs")
    assert one.p50 == pytest.approx([9.0], rel=0.0101)


async def test_a_range_in_which_nothing_was_asked_is_empty(db: Database) -> None:
    assert await latency.by_route(db, at(NOW - 800 * DAY), at(NOW + 60)) == []
    assert set((await latency.over_time(db, at(NOW - 800 * DAY), at(NOW), DAY)).count) == {0}
    await latency.add(db, "me", {})


async def test_a_route_that_is_met_first_while_a_range_is_read_is_not_half_in_it(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await latency.add(db, "me", {NOW: {STATS: counts(0.1)}})
    series, others = latency._series, iter("bc")

    async def and_others_store(session: Session) -> dict[int, latency.Series]:
        known = await series(session)
        await latency.add(db, "you", {NOW: {(f"/api/{next(others)}", "GET", 2): counts(0.2)}})
        return known

    monkeypatch.setattr(latency, "_series", and_others_store)
    assert [one.route for one in await latency.by_route(db, at(NOW), at(NOW + 10))] == ["/api/stats"]
    assert (await latency.over_time(db, at(NOW), at(NOW + 10), 10)).count == [2]
