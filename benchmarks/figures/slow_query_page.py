"""What the page of slow queries costs: all it asks, over a million slow executions and 30 days of statements.

A hundred statements of three askers each are counted through `db.statement_times`' stores as the process leaves them,
in every level that their age has; the slow log holds a million rows with plans. The range is all 30 days. The time is
that of the questions one after the other, from asking to the answer in Python, warm.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import numpy as np

from benchmarks.database import Bench, bench_database
from benchmarks.figure import Goal, Reading
from benchmarks.lab import Lab
from benchmarks.summary import median
from db import histogram, partitions, slow_queries, statement_times
from db.database import Database
from db.levels import DAY, HOUR, STEP, moment
from db.packed import Counted
from db.statement_times import CALLS, MICROSECONDS, REUSES, ROWS, SLOW, SUMS, TIMES

SLOW_ROWS, QUICK_SLOW_ROWS = 1_000_000, 50_000
HOURS = 30 * 24
STATEMENTS, ASKERS = 100, 3
EXECUTIONS = 3_000  # an hour: of all, as many as a small installation runs
STEP_SECONDS = 14_400  # as the page's time axis has it for 30 days
ROUNDS = 21
FILL_SERIES = """
    WITH made AS (
        INSERT INTO statements SELECT 'topic.statement_' || n, repeat('SELECT a FROM b WHERE c ', 20)
        FROM generate_series(1, %(statements)s) AS n RETURNING name
    )
    INSERT INTO statement_series (statement, asker)
    SELECT name, 'GET /api/route_' || a FROM made, generate_series(1, %(askers)s) AS a
"""
FILL_LOG = """
    INSERT INTO slow_queries (at, instance, statement, asker, seconds, rows, reused, parameter_types, plan)
    SELECT %(since)s::timestamptz + (n * %(apart)s) * interval '1 second', 'bench',
           'topic.statement_' || 1 + n * 7919 %% %(statements)s, 'GET /api/route_' || 1 + n %% %(askers)s,
           0.1 + n %% 977 / 1000.0, 50, true, '{"limit": "int", "after_id": "str"}', %(plan)s::jsonb
    FROM generate_series(1, %(rows)s) AS n
"""
PLAN = (
    '[{"Plan": {"Node Type": "Limit", "Total Cost": 120.5, "Plan Rows": 50, "Plan Width": 80, "Plans": ['
    '{"Node Type": "Index Scan", "Index Name": "subreddits_by_subscribers", "Relation Name": "subreddits", '
    '"Total Cost": 90210.0, "Plan Rows": 100000, "Plan Width": 80, "Index Cond": "(subscribers > ?)"}]}}]'
)


def run(lab: Lab) -> list[Reading]:
    rows = QUICK_SLOW_ROWS if lab.quick else SLOW_ROWS
    with bench_database(lab) as bench:
        until = int(time.time() // HOUR) * HOUR
        since = until - HOURS * HOUR
        _prepare(bench, since, until, rows)
        asyncio.run(_fill(bench, range(since, until, HOUR), until))
        with bench.connect() as connection:
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")
        took = asyncio.run(_asked(bench, moment(since), moment(until)))
    page = [sum(each) for each in zip(*(took[name] for name in PAGE), strict=True)]
    return [
        Reading("The page of slow queries, all it asks", median(page), "ms", Goal(50), took),
        *(Reading(f"Of it, {name[:-3].replace('_', ' ')}", median(took[name]), "ms") for name in PAGE),
        *(
            Reading(f"Beside it, {name[:-3].replace('_', ' ')}", median(took[name]), "ms")
            for name in took
            if name not in PAGE
        ),
    ]


PAGE = ("newest_ms", "opened_ms", "slow_by_step_ms", "by_statement_ms")


def questions(since: datetime, until: datetime) -> dict[str, Callable[[Database], Awaitable[Any]]]:
    """What the page asks, and what it asks once a statement or an asker is chosen."""
    one, asker = "topic.statement_17", "GET /api/route_2"

    async def opened(db: Database) -> Any:
        (first,) = await slow_queries.newest(db, since, until, limit=1)
        return await slow_queries.one(db, first.at, first.id)

    def over_time(**more: Any) -> Callable[[Database], Awaitable[Any]]:
        return lambda db: statement_times.over_time(db, since, until, STEP_SECONDS, **more)

    return {
        "newest_ms": lambda db: slow_queries.newest(db, since, until),
        "opened_ms": opened,
        "slow_by_step_ms": over_time(with_p95=False),
        "by_statement_ms": lambda db: statement_times.by_statement(db, since, until, limit=100),
        "newest_of_a_statement_ms": lambda db: slow_queries.newest(db, since, until, statement=one),
        "newest_of_an_asker_ms": lambda db: slow_queries.newest(db, since, until, asker=asker),
        "p95_of_a_statement_by_step_ms": over_time(statement=one),
        "by_asker_ms": lambda db: statement_times.by_asker(db, since, until),
    }


def _prepare(bench: Bench, since: int, until: int, rows: int) -> None:
    with bench.connect() as connection:
        partitions.ensure(connection, moment(since - DAY))
        connection.execute("UPDATE rolled_up SET until = %s", [moment(until)])
        connection.execute(FILL_SERIES, {"statements": STATEMENTS, "askers": ASKERS})
        # Partitions older than thirty days are not made; a second less, and all rows have one.
        connection.execute(
            FILL_LOG,
            {
                "since": moment(since), "apart": (until - since - 1) / rows, "rows": rows,
                "statements": STATEMENTS, "askers": ASKERS, "plan": PLAN,
            },
        )  # fmt: skip


async def _fill(bench: Bench, hours: range, now: int) -> None:
    database = bench.database()
    await database.open()
    try:
        for begin in hours:
            times, sums = an_hour(begin)
            async with database.transaction() as session:
                await TIMES.store_hour(session, begin, times, now)
                await SUMS.store_hour(session, begin, sums, now)
        for store in (TIMES, SUMS):
            for begin in range(-(-hours.start // DAY) * DAY, now - DAY + 1, DAY):
                async with database.transaction() as session:
                    await store.roll_up_longer(session, DAY, begin, HOUR)
    finally:
        await database.close()


def an_hour(begin: int) -> tuple[Counted, Counted]:
    """Durations and sums of the executions of an hour, always the same, in intervals of 10 s."""
    rng = np.random.default_rng(begin)
    series = 1 + np.minimum(rng.geometric(0.02, EXECUTIONS) - 1, STATEMENTS * ASKERS - 1)
    interval = rng.integers(0, HOUR // STEP, EXECUTIONS)
    seconds = rng.lognormal(np.log(0.0005) + series / 60, 0.5)
    ones = np.ones(EXECUTIONS, np.int64)
    added_up = {
        CALLS: ones,
        ROWS: rng.integers(0, 50, EXECUTIONS),
        REUSES: (rng.random(EXECUTIONS) < 0.9).astype(np.int64),
        SLOW: (seconds > 0.1).astype(np.int64),
        MICROSECONDS: np.round(seconds * 1e6).astype(np.int64),
    }
    parts = [Counted(series, np.full_like(series, which), interval, many) for which, many in added_up.items()]
    whole = Counted(*(np.concatenate(each) for each in zip(*parts, strict=True)))
    met = whole.times > 0
    return (
        Counted(series, histogram.buckets_of(seconds), interval, ones),
        Counted(*(each[met] for each in whole)),
    )


async def _asked(bench: Bench, since: datetime, until: datetime) -> dict[str, list[float]]:
    """Milliseconds of each question in each round; three rounds before are not timed."""
    asked = questions(since, until)
    took: dict[str, list[float]] = {name: [] for name in asked}
    database = bench.database()
    await database.open()
    try:
        for turn in range(ROUNDS + 3):
            for name, question in asked.items():
                began = time.perf_counter()
                await question(database)
                if turn >= 3:
                    took[name].append(1e3 * (time.perf_counter() - began))
    finally:
        await database.close()
    return took
