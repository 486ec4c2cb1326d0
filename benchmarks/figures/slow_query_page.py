"""What the page of slow queries costs: all it asks, over a million slow executions and 30 days of statements.

A hundred statements of three askers each are counted through the stores of `db.statement_totals`, as the process
leaves them, in every level that their age has; the slow log holds a million rows with plans. The range is all 30
days. Server time is the CPU of this process and of PostgreSQL together, from asking to the answer in Python,
everything warm; how long the questions took by the clock is in the numbers behind it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import psutil

from benchmarks.database import Bench, bench_database
from benchmarks.figure import Goal, Reading
from benchmarks.lab import Lab
from db import histogram, partitions, slow_queries, statement_times
from db.database import Database
from db.levels import DAY, HOUR, STEP, moment
from db.packed import Counted
from db.statement_totals import CALLS, MICROSECONDS, REUSES, ROWS, SLOW, SUMS, TIMES

SLOW_ROWS, QUICK_SLOW_ROWS = 1_000_000, 50_000
HOURS = 30 * 24
STATEMENTS, ASKERS = 100, 3
EXECUTIONS = 3_000  # an hour: of all, as many as a small installation runs
STEP_SECONDS = 14_400  # as the page's time axis has it for 30 days
ROUNDS = 41
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
    FROM generate_series(1, %(rows)s::bigint) AS n
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
    page = sum(took[name].cpu_ms for name in PAGE)
    raw = {f"{name}_wall": each.wall_ms for name, each in took.items()}
    return [
        Reading("The page of slow queries, all it asks: server time", page, "ms", Goal(50), raw),
        *(
            Reading(
                f"{'Of it' if name in PAGE else 'Beside it'}, {name.replace('_', ' ')}", each.cpu_ms, "ms"
            )
            for name, each in took.items()
        ),
    ]


PAGE = ("newest", "opened", "slow_by_step", "by_statement")


@dataclass(frozen=True, slots=True)
class Took:
    """A question's milliseconds: of CPU in the mean, and by the clock in each round."""

    cpu_ms: float
    wall_ms: list[float]


def questions(since: datetime, until: datetime) -> dict[str, Callable[[Database], Awaitable[Any]]]:
    """What the page asks, and what it asks once a statement or an asker is chosen."""
    one, asker = "topic.statement_17", "GET /api/route_2"

    async def opened(db: Database) -> Any:
        (first,) = await slow_queries.newest(db, since, until, limit=1)
        return await slow_queries.one(db, first.at, first.id)

    def over_time(**more: Any) -> Callable[[Database], Awaitable[Any]]:
        return lambda db: statement_times.over_time(db, since, until, STEP_SECONDS, **more)

    return {
        "newest": lambda db: slow_queries.newest(db, since, until),
        "opened": opened,
        "slow_by_step": over_time(with_p95=False),
        "by_statement": lambda db: statement_times.by_statement(db, since, until, limit=100),
        "newest_of_a_statement": lambda db: slow_queries.newest(db, since, until, statement=one),
        "newest_of_an_asker": lambda db: slow_queries.newest(db, since, until, asker=asker),
        "p95_of_a_statement_by_step": over_time(statement=one),
        "by_asker": lambda db: statement_times.by_asker(db, since, until),
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


async def _asked(bench: Bench, since: datetime, until: datetime) -> dict[str, Took]:
    """What each question took; three rounds before are not timed."""
    database = bench.database()
    await database.open()
    try:
        backends = await _backends(database)
        return {
            name: await _rounds(database, question, backends)
            for name, question in questions(since, until).items()
        }
    finally:
        await database.close()


async def _backends(database: Database) -> list[psutil.Process]:
    """The processes of PostgreSQL that work for the pool."""
    async with database.connection() as connection:
        cursor = await connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        )
        return [psutil.Process(pid) for (pid,) in await cursor.fetchall()]


async def _rounds(
    database: Database, question: Callable[[Database], Awaitable[Any]], backends: Sequence[psutil.Process]
) -> Took:
    for _ in range(3):
        await question(database)
    wall_ms, before = [], _cpu_seconds(backends)
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await question(database)
        wall_ms.append(1e3 * (time.perf_counter() - began))
    return Took(1e3 * (_cpu_seconds(backends) - before) / ROUNDS, wall_ms)


def _cpu_seconds(backends: Sequence[psutil.Process]) -> float:
    """Of this process, and of these in hundredths."""
    times = [backend.cpu_times() for backend in backends]
    return time.process_time() + float(sum(each.user + each.system for each in times))
