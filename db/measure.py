"""Every statement is timed where it runs, in the cursor, and remembered until somebody drains it.

The wrapper knows neither callers nor tables: it notes text, asker, seconds, rows and whether a prepared statement was
reused. Counting can wait until nobody does. Memory is bounded by the number of different statements and by SLOW_KEPT.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any, Self

import psycopg
from psycopg import sql
from psycopg.abc import Params, Query
from psycopg.rows import Row

from db import trace
from db.attribution import asker
from db.levels import STEP
from db.normalized import identified
from db.statement_costs import Cost, DrainedStatements, SlowQuery

try:
    from psycopg._preparing import Prepare  # private, as is `_get_prepared` below; see there
except ImportError:
    REUSED = None
else:
    REUSED = Prepare.YES

FOLD_AT = 5_000  # executions held one by one before they are counted
SLOW_KEPT = 200
STATEMENTS_KEPT = 2_000  # of one interval
COSTS_KEPT = 20_000  # unflushed, 1 kB each
OTHER = "other statements"
# Text, asker, seconds, rows, whether reused, whether slow, end (epoch seconds): flat, made fast.
Noted = tuple[str, str, float, int, bool | None, bool, float]


class QueryRecorder:
    """Counts statements by name and asker, and keeps the slowest apart: of each in ten seconds one.

    Attributes:
        slow_seen, executions, reuses, unreused: since the process began; the last three as of the last fold.
    """

    def __init__(self, slow_query_ms: float, clock: Callable[[], float] = time.time) -> None:
        self.slow_seconds = slow_query_ms / 1e3
        self.slow_seen = self.executions = self.reuses = self.unreused = 0
        self._clock = clock
        self._noted: list[Noted] = []
        self._unflushed = DrainedStatements()
        self._slow: dict[tuple[int, str, str], SlowQuery] = {}

    def add(
        self, text: str, seconds: float, rows: int, params: Params | None = None, reused: bool | None = None
    ) -> None:
        """Remember one execution that ends now, under the present asker and in the present request."""
        trace.note(text, seconds)
        slow = seconds >= self.slow_seconds
        by, now = asker(), self._clock()
        self._noted.append((text, by, seconds, rows, reused, slow, now))
        if slow:
            self.slow_seen += 1
            self._keep(SlowQuery(now, text, by, seconds, rows, params, reused))
        if len(self._noted) >= FOLD_AT:
            self.fold()

    def note_copy(self, text: str, seconds: float, rows: int) -> None:
        """Remember a COPY; how long it takes is up to whoever feeds it, so none is slow."""
        self._noted.append((text, asker(), seconds, rows, None, False, self._clock()))

    def _keep(self, slow: SlowQuery) -> None:
        place = (_interval(slow.at), identified(slow.text).name, slow.asker)
        known = self._slow.get(place)
        if known is None and len(self._slow) >= SLOW_KEPT:
            del self._slow[next(iter(self._slow))]
        if known is None or known.seconds < slow.seconds:
            self._slow[place] = slow

    def fold(self) -> None:
        """Count what was noted into the intervals in which it ended."""
        noted, self._noted = self._noted, []
        intervals, texts = self._unflushed.intervals, self._unflushed.texts
        for text, by, seconds, rows, reused, slow, ended in noted:
            start = _interval(ended)
            interval = intervals.get(start)
            if interval is None:
                interval = intervals[start] = {}
            name, whole = identified(text)
            cost = interval.get((name, by))
            if cost is None:
                if len(interval) >= STATEMENTS_KEPT:
                    name = whole = OTHER
                texts[name] = whole
                cost = interval.setdefault((name, by), Cost())
            cost.count(seconds, rows, reused, slow)
            self.executions += 1
            self.reuses += reused is True
            self.unreused += reused is False
        self._unflushed.shrink(COSTS_KEPT)

    def drain(self) -> DrainedStatements:
        """Everything since the last drain, which is then forgotten here."""
        self.fold()
        drained, self._unflushed = self._unflushed, DrainedStatements()
        drained.slow, self._slow = list(self._slow.values()), {}
        return drained

    def put_back(self, drained: DrainedStatements) -> None:
        """It could not be stored; keep it for the next drain."""
        self._unflushed.add(drained)
        self._unflushed.texts |= drained.texts
        self._unflushed.shrink(COSTS_KEPT)
        newer, self._slow = self._slow, {}
        for slow in (*drained.slow, *newer.values()):
            self._keep(slow)


def _interval(at: float) -> int:
    return int(at) // STEP * STEP


class MeasuredCursor(psycopg.AsyncCursor[Row]):
    """A cursor that reports each execution to its class's recorder; a batch is one, known by its first row."""

    recorder: QueryRecorder
    _reused: bool | None = None

    async def execute(
        self,
        query: Any,
        params: Params | None = None,
        *,
        prepare: bool | None = None,
        binary: bool | None = None,
    ) -> Self:
        began = perf_counter()
        try:
            return await super().execute(query, params, prepare=prepare, binary=binary)
        finally:
            seconds = perf_counter() - began
            self.recorder.add(_text(query), seconds, max(self._rowcount, 0), params, self._reused)

    async def executemany(self, query: Query, params_seq: Any, *, returning: bool = False) -> None:
        rows = list(params_seq)
        began = perf_counter()
        try:
            await super().executemany(query, rows, returning=returning)
        finally:
            seconds, first = perf_counter() - began, rows[0] if rows else None
            self.recorder.add(_text(query), seconds, max(self.rowcount, 0), first, self._reused)

    @asynccontextmanager
    async def copy(
        self, statement: Any, params: Params | None = None, *, writer: Any = None
    ) -> AsyncIterator[psycopg.AsyncCopy]:
        began = perf_counter()
        try:
            async with super().copy(statement, params, writer=writer) as copying:
                yield copying
        finally:
            self.recorder.note_copy(_text(statement), perf_counter() - began, max(self.rowcount, 0))

    def _get_prepared(self, *args: Any, **options: Any) -> Any:
        """psycopg asks here whether the statement is prepared, and there is no public way to learn its answer.

        Where a later version asks elsewhere, nothing breaks: whether a statement was reused is then not known.
        """
        found = super()._get_prepared(*args, **options)
        self._reused = None if REUSED is None else found[0] is REUSED
        return found


def _text(query: Any) -> str:
    if isinstance(query, str):
        return query
    if isinstance(query, bytes):
        return query.decode(errors="replace")
    return query.as_string() if isinstance(query, sql.Composable) else str(query)


def measured_cursor(recorder: QueryRecorder) -> type[MeasuredCursor[Any]]:
    """A cursor class that reports to `recorder`."""
    return type("MeasuredCursor", (MeasuredCursor,), {"recorder": recorder})
