"""Every statement is timed where it runs, in the cursor, and remembered until somebody drains it.

The wrapper knows neither callers nor tables: it notes text, asker, seconds and rows. Memory is bounded by the
number of different statements and by `SLOW_KEPT`.
"""

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import psycopg
from psycopg.abc import Params, Query
from psycopg.rows import Row

from db import histogram, trace
from db.attribution import asker

SLOW_KEPT = 200
DURATIONS_KEPT = 1_000
STATEMENTS_KEPT = 2_000
OTHER = "other statements"


@dataclass(slots=True)
class QueryStats:
    """One statement, as one asker ran it since the last drain."""

    calls: int = 0
    rows: int = 0
    total_seconds: float = 0.0
    max_seconds: float = 0.0
    _durations: list[float] = field(default_factory=list)
    _counts: histogram.Counts | None = None

    def add(self, seconds: float, rows: int) -> None:
        self.calls += 1
        self.rows += rows
        self.total_seconds += seconds
        if seconds > self.max_seconds:
            self.max_seconds = seconds
        self._durations.append(seconds)
        if len(self._durations) >= DURATIONS_KEPT:
            self._fold()

    def merge(self, other: "QueryStats") -> None:
        """Count what another counted too."""
        self._counts = np.add(self.counts(), other.counts())
        self.calls += other.calls
        self.rows += other.rows
        self.total_seconds += other.total_seconds
        self.max_seconds = max(self.max_seconds, other.max_seconds)

    def _fold(self) -> None:
        counts = histogram.counts_of(self._durations)
        self._counts = counts if self._counts is None else np.add(self._counts, counts)
        self._durations.clear()

    def counts(self) -> histogram.Counts:
        """Its durations as a histogram, shape (BUCKETS,)."""
        if self._durations or self._counts is None:
            self._fold()
        assert self._counts is not None
        return self._counts


@dataclass(frozen=True, slots=True)
class SlowQuery:
    """One execution that took longer than the threshold; `params` never leave the process."""

    at: float
    text: str
    asker: str
    seconds: float
    rows: int
    params: Params | None


class QueryRecorder:
    """Counts statements by (text, asker), and keeps the slow ones apart."""

    def __init__(self, slow_query_ms: float) -> None:
        self.slow_seconds = slow_query_ms / 1e3
        self.slow_seen = 0
        self._stats: dict[tuple[str, str], QueryStats] = {}
        self._slow: deque[SlowQuery] = deque(maxlen=SLOW_KEPT)

    def add(self, text: str, seconds: float, rows: int, params: Params | None) -> None:
        """Remember one execution of `text`, in seconds, under the present asker and in the present request."""
        trace.note(text, seconds)
        key = (text, asker())
        stats = self._stats.get(key)
        if stats is None:
            stats = self._make_room(key)
        stats.add(seconds, rows)
        if seconds >= self.slow_seconds:
            self.slow_seen += 1
            self._slow.append(SlowQuery(time.time(), text, key[1], seconds, rows, params))

    def _make_room(self, key: tuple[str, str]) -> QueryStats:
        if len(self._stats) >= STATEMENTS_KEPT:
            key = (OTHER, key[1])
        return self._stats.setdefault(key, QueryStats())

    def drain(self) -> tuple[dict[tuple[str, str], QueryStats], list[SlowQuery]]:
        """(statistics by (text, asker), slow executions) since the last call, which are then forgotten."""
        stats, self._stats = self._stats, {}
        slow = list(self._slow)
        self._slow.clear()
        return stats, slow

    def put_back(self, stats: dict[tuple[str, str], QueryStats], slow: list[SlowQuery]) -> None:
        """They could not be stored; keep them for the next drain."""
        for key, counted in stats.items():
            known = self._stats.get(key)
            if known is None:
                self._stats[key] = counted
            else:
                known.merge(counted)
        self._slow.extendleft(reversed(slow))


class MeasuredCursor(psycopg.AsyncCursor[Row]):
    """A cursor that reports each execution to its class's recorder; a batch is one, known by its first row."""

    recorder: QueryRecorder

    async def execute(self, query: Any, params: Params | None = None, **options: Any) -> Self:
        began = time.perf_counter()
        try:
            return await super().execute(query, params, **options)
        finally:
            self._report(query, began, params)

    async def executemany(self, query: Query, params_seq: Any, **options: Any) -> None:
        rows = list(params_seq)
        began = time.perf_counter()
        try:
            await super().executemany(query, rows, **options)
        finally:
            self._report(query, began, rows[0] if rows else None)

    def _report(self, query: Query, began: float, params: Params | None) -> None:
        text = query if isinstance(query, str) else str(query)
        self.recorder.add(text, time.perf_counter() - began, max(self.rowcount, 0), params)


def measured_cursor(recorder: QueryRecorder) -> type[MeasuredCursor[Any]]:
    """A cursor class that reports to `recorder`."""
    return type("MeasuredCursor", (MeasuredCursor,), {"recorder": recorder})


def parameter_types(params: Params | None) -> dict[str, str]:
    """The types of a statement's parameters, never their values."""
    if params is None:
        return {}
    pairs = enumerate(params, 1) if isinstance(params, Sequence) else params.items()
    return {str(name): type(value).__name__ for name, value in pairs}
