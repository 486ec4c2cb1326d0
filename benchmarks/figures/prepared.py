"""What preparing saves: the statements that API, pulse and clock run most, prepared against unprepared.

Each on one connection to the same PostgreSQL, with 100,000 communities and its usual parameters, prepared and
unprepared in turns; each pair of rounds gives a ratio of wall times, and the median of its ratios is a statement's
own. What is shown is the geometric mean of all statements' ratios, and the page of communities alone.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from statistics import geometric_mean
from time import perf_counter
from typing import Any, LiteralString

from benchmarks.database import Bench, bench_database
from benchmarks.figure import Goal, Reading
from benchmarks.figures.statement_cost import COMMUNITIES, FILL, QUICK_COMMUNITIES
from benchmarks.lab import Lab
from benchmarks.summary import median
from db import partitions
from db.pool import Connection
from db.statements import statements
from db.subreddits import Filters

ROUNDS, QUICK_ROUNDS = 41, 7
EXECUTIONS = 50
PAGE = "subreddits.page_by_subscribers"


def run(lab: Lab) -> list[Reading]:
    with bench_database(lab) as bench:
        with bench.connect() as connection:
            partitions.ensure(connection)
            connection.execute(FILL, [QUICK_COMMUNITIES if lab.quick else COMMUNITIES])
            connection.execute("VACUUM ANALYZE")
        ratios = asyncio.run(_ratios(bench, QUICK_ROUNDS if lab.quick else ROUNDS))
    each = {name.replace(".", "_") + "_times": ratio for name, ratio in ratios.items()}
    return [
        Reading(
            "Hot statements, unprepared against prepared, the mean",
            geometric_mean(ratios.values()),
            "×",
            Goal(1.5, at_least=True),
            each,
        ),
        Reading("The same, a page of communities", ratios[PAGE], "×"),
    ]


def hot(now: datetime) -> dict[str, dict[str, Any]]:
    """Parameters by statement: the API's reads, what the pulse reads every other second, and the clock's starts."""
    since = now - timedelta(seconds=6)
    return {
        PAGE: {**Filters().params(), "limit": 50, "after_value": None, "after_id": None},
        "subreddits.one": {"name": "Community17"},
        "subreddits.totals": {},
        "runs.present": {"jobs": ["refresh_subreddits", "collect_posts"], "since": since, "ids": []},
        "runs.last_failure": {},
        "runs.tick": {"job": "flush_telemetry", "every": timedelta(seconds=10)},
        "queue.depth": {},
        "alerts.firing": {},
        "instances.beat": {"id": "bench"},
        "rollup.rolled_up_until": {},
        "latency.add": {"at": now, "instance": "bench", "counted": b""},
    }


async def _ratios(bench: Bench, rounds: int) -> dict[str, float]:
    """How many times as long each statement takes unprepared."""
    database, found = bench.database(), {}
    await database.open()
    try:
        async with database.connection() as connection:
            for name, params in hot(datetime.now(UTC)).items():
                pairs = [
                    await _pair(connection, statements()[name], params, turn) for turn in range(rounds + 1)
                ]
                found[name] = median([unprepared / prepared for unprepared, prepared in pairs[1:]])
    finally:
        await database.close()
    return found


async def _pair(
    connection: Connection, text: LiteralString, params: dict[str, Any], turn: int
) -> tuple[float, float]:
    """Seconds of a round unprepared, and prepared."""
    took = {}
    for prepare in (True, False) if turn % 2 else (False, True):
        began = perf_counter()
        async with connection.cursor() as cursor:
            for _ in range(EXECUTIONS):
                await cursor.execute(text, params, prepare=prepare)
        took[prepare] = perf_counter() - began
    return took[False], took[True]
