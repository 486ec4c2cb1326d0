"""What a range costs: quantiles of 30 days from the histograms against percentile_cont, 2 years against 1 day, bytes.

20 M requests to 20 endpoints go twice into the same PostgreSQL: as rows (time, endpoint, status, seconds in eight
bytes, 52 bytes a row as in the design's own trial; a BRIN index on the time, as one would have on rows that come in
order), and through `db.latency` as Subpulse keeps them, every level as its retention leaves it. Before them lie 23
months of the same traffic in hours, days and months. Everything is vacuumed, analysed and warm; PostgreSQL may use
its parallel workers for the raw rows.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from benchmarks import traffic
from benchmarks.database import Bench, bench_database
from benchmarks.figure import Goal, Reading
from benchmarks.lab import Lab
from benchmarks.summary import median
from db import latency, partitions
from db.database import Database
from db.latency import RouteLatency
from db.levels import DAY, HOUR, moment

REQUESTS, QUICK_REQUESTS = 20_000_000, 1_000_000
HOURS = 30 * 24
YEARS = timedelta(days=729)
RAW_ROUNDS, ROUNDS = 3, 21
RAW_QUANTILES = """
    SELECT endpoint, percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY seconds), count(*)
    FROM raw_requests WHERE at >= %s AND at < %s GROUP BY endpoint ORDER BY endpoint
"""
STORED_BYTES = """
    SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree(%s::regclass) WHERE isleaf
"""
Quantiles = dict[str, list[float]]


def run(lab: Lab) -> list[Reading]:
    requests = QUICK_REQUESTS if lab.quick else REQUESTS
    with bench_database(lab) as bench:
        until = int(time.time() // HOUR) * HOUR
        first = until - HOURS * HOUR
        _prepare(bench, until)
        asyncio.run(_fill(bench, range(first, until, HOUR), requests / HOURS))
        _settle(bench)
        stored = _stored_bytes(bench)
        raw_bytes = _bytes(bench, "SELECT pg_total_relation_size('raw_requests')")
        asyncio.run(_fill_the_years_before(bench, first, until, requests / HOURS))
        _settle(bench)
        exact, raw_seconds = _from_rows(bench, first, until)
        found, seconds = asyncio.run(_from_histograms(bench, first, until))
        day, years = asyncio.run(_in_turns(bench, until))
    return [
        Reading(
            "p50, p95, p99 of 30 days: percentile_cont over the rows, against the histograms",
            median(raw_seconds) / median(seconds),
            "×",
            None if lab.quick else Goal(500, at_least=True),
            {"rows": requests, "percentile_cont_s": raw_seconds, "histograms_s": seconds},
        ),
        Reading("The most that such a quantile is off", 100 * worst_error(found, exact), "%", Goal(1)),
        Reading(
            "The same over 2 years, against 1 day",
            median(years) / median(day),
            "×",
            Goal(3),
            {"day_s": day, "years_s": years},
        ),
        Reading(
            "Bytes of the rows, against those of all levels of the histograms",
            raw_bytes / stored,
            "×",
            None if lab.quick else Goal(50, at_least=True),
            {"rows_bytes": raw_bytes, "histograms_bytes": stored},
        ),
    ]


def worst_error(found: Quantiles, exact: Quantiles) -> float:
    """The largest relative error of all routes and quantiles.

    Raises:
        KeyError: a route is missing.
    """
    return max(
        abs(ours - true) / true
        for route, quantiles in exact.items()
        for ours, true in zip(found[route], quantiles, strict=True)
    )


def _prepare(bench: Bench, until: int) -> None:
    with bench.connect() as connection:
        partitions.ensure(connection, datetime.now(UTC) - YEARS - timedelta(days=60))
        connection.execute("UPDATE rolled_up SET until = %s", [moment(until)])
        partitions.drop_old(connection, moment(until))
        connection.execute(
            "CREATE TABLE raw_requests (at timestamptz NOT NULL, endpoint integer NOT NULL,"
            " status smallint NOT NULL, seconds double precision NOT NULL)"
        )
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO latency_series (route, method, status_class) VALUES (%s, %s, %s)",
                list(traffic.series()),
            )


async def _fill(bench: Bench, hours: range, mean_count: float) -> None:
    """The same requests into both, hour by hour."""
    database = bench.database()
    await database.open()
    now = hours.stop
    try:
        with bench.connect() as connection, connection.cursor() as cursor:
            with cursor.copy(
                "COPY raw_requests (at, endpoint, status, seconds) FROM STDIN (FORMAT binary)"
            ) as copy:
                copy.write(traffic.COPY_HEADER)
                for begin in hours:
                    asked = traffic.an_hour(begin, mean_count)
                    copy.write(asked.rows(begin))
                    async with database.transaction() as session:
                        await latency.STORE.store_hour(session, begin, asked.counted(), now)
                copy.write(traffic.COPY_END)
            connection.execute("CREATE INDEX ON raw_requests USING brin (at)")
        await _sum_up(database, hours.start, now)
    finally:
        await database.close()


async def _fill_the_years_before(bench: Bench, before: int, now: int, mean_count: float) -> None:
    database, expected = bench.database(), traffic.expected()
    first = (now - int(YEARS.total_seconds())) // HOUR * HOUR
    await database.open()
    try:
        for day in range(first, before, DAY):
            async with database.transaction() as session:
                for begin in range(day, min(day + DAY, before), HOUR):
                    counted = traffic.an_hour_counted(begin, mean_count, expected)
                    await latency.STORE.store_hour(session, begin, counted, now)
        await _sum_up(database, first, now)
    finally:
        await database.close()


async def _sum_up(database: Database, first: int, until: int) -> None:
    """Days out of hours, and thirty days out of days, as far as they are over."""
    for width, of_width in ((DAY, HOUR), (30 * DAY, DAY)):
        for begin in range(-(-first // width) * width, until - width + 1, width):
            async with database.transaction() as session:
                await latency.STORE.roll_up_longer(session, width, begin, of_width)


def _settle(bench: Bench) -> None:
    with bench.connect() as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def _stored_bytes(bench: Bench) -> int:
    return sum(_bytes(bench, STORED_BYTES, table) for table in ("latency", "latency_live"))


def _bytes(bench: Bench, statement: str, *params: str) -> int:
    with bench.connect() as connection:
        row = connection.execute(statement, params).fetchone()
    assert row is not None
    return int(str(row[0]))


def _from_rows(bench: Bench, since: int, until: int) -> tuple[Quantiles, list[float]]:
    """(exact quantiles by route, seconds of each round) by percentile_cont; a first round is not timed."""
    seconds, exact = [], {}
    with bench.connect() as connection:
        for turn in range(RAW_ROUNDS + 1):
            began = time.perf_counter()
            rows = connection.execute(RAW_QUANTILES, (moment(since), moment(until))).fetchall()
            if turn:
                seconds.append(time.perf_counter() - began)
            exact = {traffic.route(row[0]): list(row[1]) for row in rows}  # type: ignore[call-overload, arg-type]
    return exact, seconds


async def _from_histograms(bench: Bench, since: int, until: int) -> tuple[Quantiles, list[float]]:
    found, seconds = await _asked(
        bench, lambda database: latency.by_route(database, moment(since), moment(until))
    )
    return {one.route: [one.p50 or 0.0, one.p95 or 0.0, one.p99 or 0.0] for one in found}, seconds


async def _asked(
    bench: Bench, question: Callable[[Database], Awaitable[list[RouteLatency]]]
) -> tuple[list[RouteLatency], list[float]]:
    """(the answer, seconds of each round); three rounds before are not timed."""
    database, seconds = bench.database(), []
    await database.open()
    try:
        for turn in range(ROUNDS + 3):
            began = time.perf_counter()
            found = await question(database)
            if turn >= 3:
                seconds.append(time.perf_counter() - began)
    finally:
        await database.close()
    return found, seconds


async def _in_turns(bench: Bench, until: int) -> tuple[list[float], list[float]]:
    """Seconds for the last day, and for two years."""
    took: dict[timedelta, list[float]] = {timedelta(days=1): [], YEARS: []}
    database = bench.database()
    await database.open()
    try:
        for turn in range(ROUNDS + 3):
            for span, seconds in took.items():
                end = moment(until)
                began = time.perf_counter()
                await latency.by_route(database, end - span, end)
                if turn >= 3:
                    seconds.append(time.perf_counter() - began)
    finally:
        await database.close()
    day, years = took.values()
    return day, years
