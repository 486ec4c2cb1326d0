"""What noting a statement adds to it: the measured cursor against psycopg's own, and against the hot read path.

The same statement on the same PostgreSQL, on two connections whose cursors differ in the wrapper only; they take
turns, each round gives a difference, and the median of these counts. Without a server the noise of a round trip is
gone: both cursors then around an execution that is done at once, the counting of what was noted included, which a
process does later. The hot read path is the first page of communities as JSON, of 100,000.
"""

import asyncio
import gc
from time import perf_counter
from typing import Any, Self

import psycopg
from psycopg.abc import Params

from benchmarks.database import Bench, bench_database
from benchmarks.figure import Goal, Reading
from benchmarks.lab import Lab
from benchmarks.summary import median
from db import subreddits
from db.measure import REUSED, MeasuredCursor, QueryRecorder, measured_cursor
from db.statements import statements

ROUNDS, QUICK_ROUNDS = 201, 21
EXECUTIONS = 100  # a round is short, so that both cursors meet the same weather
DIRECT_EXECUTIONS = 1_000
COMMUNITIES, QUICK_COMMUNITIES = 100_000, 5_000
PAGES = 300
STATEMENT = "runs.controls"
FILL = """
    INSERT INTO subreddits (id, name, title, description, subscribers, state)
    SELECT 't5_' || n, 'Community' || n, 'Community number ' || n, repeat('what it is about ', 8),
           n * 7919 %% 1000003, 'alive'
    FROM generate_series(1, %s) AS n
"""


def run(lab: Lab) -> list[Reading]:
    rounds = QUICK_ROUNDS if lab.quick else ROUNDS
    gc.collect()
    gc.freeze()  # as app.py does once it is up
    direct = asyncio.run(_direct(rounds))
    with bench_database(lab) as bench:
        with bench.connect() as connection:
            connection.execute(FILL, [QUICK_COMMUNITIES if lab.quick else COMMUNITIES])
            connection.execute("VACUUM ANALYZE")
        on_server = asyncio.run(_on_server(bench, rounds))
        page_us = asyncio.run(_pages(bench))
    added, added_direct = differences(on_server), differences(direct)
    return [
        Reading("Measuring a statement, added", median(added_direct), "µs", Goal(15), direct),
        Reading("The same, between two round trips to PostgreSQL", median(added), "µs", Goal(15), on_server),
        Reading("Of the hot read path", 100 * median(added_direct) / median(page_us), "%", Goal(3)),
        Reading("The hot read path itself", median(page_us), "µs", raw={"page_us": page_us}),
    ]


def differences(took: dict[str, list[float]]) -> list[float]:
    """What the measured cursor took more than psycopg's own, one of each round."""
    return [one - without for one, without in zip(took["measured_us"], took["own_us"], strict=True)]


class Instant(psycopg.AsyncCursor[Any]):
    """A cursor whose statements are done at once, after it asked whether they are prepared."""

    def __init__(self) -> None:
        self._rowcount = 1

    async def execute(
        self,
        query: Any,
        params: Params | None = None,
        *,
        prepare: bool | None = None,
        binary: bool | None = None,
    ) -> Self:
        self._get_prepared(query)
        return self

    def _get_prepared(self, *args: Any, **options: Any) -> Any:
        return REUSED, b""


class MeasuredInstant(MeasuredCursor[Any], Instant):
    """The same with the wrapper around."""


async def _direct(rounds: int) -> dict[str, list[float]]:
    """Microseconds per execution by cursor, one of each round; counting what was noted is the measured one's."""
    recorder = QueryRecorder(1e9)
    MeasuredInstant.recorder = recorder
    text = statements()[STATEMENT]
    took: dict[str, list[float]] = {"own_us": [], "measured_us": [], "counting_us": []}
    for turn in range(rounds + 1):
        own = await _executions_us(Instant(), text, DIRECT_EXECUTIONS)
        measured = await _executions_us(MeasuredInstant(), text, DIRECT_EXECUTIONS)
        began = perf_counter()
        recorder.fold()
        counting = 1e6 * (perf_counter() - began) / DIRECT_EXECUTIONS
        recorder.drain()
        if turn:
            for name, value in zip(took, (own, measured + counting, counting), strict=True):
                took[name].append(value)
    return took


async def _on_server(bench: Bench, rounds: int) -> dict[str, list[float]]:
    """The same with a real connection each; what was noted is counted between rounds."""
    recorder = QueryRecorder(1e9)
    text, conninfo = statements()[STATEMENT], bench.database().conninfo()
    took: dict[str, list[float]] = {"own_us": [], "measured_us": []}
    factories = dict(zip(took, (psycopg.AsyncCursor, measured_cursor(recorder)), strict=True))
    connections = {
        name: await psycopg.AsyncConnection.connect(
            conninfo, autocommit=True, cursor_factory=factory, prepare_threshold=2
        )
        for name, factory in factories.items()
    }
    for turn in range(rounds + 1):
        for name in took if turn % 2 else reversed(took):
            async with connections[name].cursor() as cursor:
                microseconds = await _executions_us(cursor, text, EXECUTIONS)
            if turn:
                took[name].append(microseconds)
        recorder.drain()
    for connection in connections.values():
        await connection.close()
    return took


async def _executions_us(cursor: psycopg.AsyncCursor[Any], text: Any, executions: int) -> float:
    """Microseconds per execution, one after the other."""
    began = perf_counter()
    for _ in range(executions):
        await cursor.execute(text, {})
    return 1e6 * (perf_counter() - began) / executions


async def _pages(bench: Bench) -> list[float]:
    """Microseconds of each page of communities, from the question to the bytes; ten before are not timed."""
    database, took = bench.database(), []
    await database.open()
    try:
        for turn in range(PAGES + 10):
            began = perf_counter()
            await subreddits.page(database, subreddits.Filters())
            if turn >= 10:
                took.append(1e6 * (perf_counter() - began))
    finally:
        await database.close()
    return took
