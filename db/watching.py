"""What Subpulse's own measuring costs: its CPU, timed as it runs, and the rows and bytes of what it stores."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any, ParamSpec, TypeVar

from db.database import Database
from db.series import WATCHING

P = ParamSpec("P")
T = TypeVar("T")
EVERY = 17
OF_JOB = {  # jobs that are nothing but measuring, and the part each belongs to
    "flush_telemetry": "flushing",
    "sample_process": "sampling",
    "roll_up": "rolling_up",
    "check_alerts": "alerts",
}


class Meter:
    """Adds up CPU seconds by part (db.series.WATCHING), each in the thread in which it is spent.

    Whole pieces of work are timed each time. Of calls that take a microsecond one in EVERY is timed and counts for
    all of these, because reading the clock takes as long as they do.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._within = 0.0
        self._lock = Lock()
        self._since = clock()

    def add(self, part: str, seconds: float) -> None:
        """Count CPU seconds that were measured elsewhere."""
        with self._lock:
            self._seconds[part] += seconds

    @contextmanager
    def timing(self, part: str) -> Iterator[None]:
        """Count the body, which must not await; what is timed within it counts for its own part only."""
        outer, self._within = self._within, 0.0
        began = time.thread_time()
        try:
            yield
        finally:
            took = time.thread_time() - began
            self.add(part, took - self._within)
            self._within = outer + took

    def timed(self, part: str, function: Callable[P, T]) -> Callable[P, T]:
        """A function that counts its calls as `timing` does, for the loop's thread."""

        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            with self.timing(part):
                return function(*args, **kwargs)

        return call

    def timed_apart(self, part: str, function: Callable[P, T]) -> Callable[P, T]:
        """The same for another thread than the loop's."""

        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            began = time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                self.add(part, time.thread_time() - began)

        return call

    def attach(self, owner: Any, method: str, part: str, every: int = 1) -> None:
        """Count an object's calls of a method from now on, one in `every` of them timed."""
        function, calls = getattr(owner, method), 0
        timed = self.timed(part, function)

        def some(*args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls % every:
                return function(*args, **kwargs)
            began = time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                self.add(part, every * (time.thread_time() - began))

        setattr(owner, method, timed if every == 1 else some)

    def take(self) -> dict[str, float | None]:
        """Percent of one core by series (`watching_…`) since the last call; nothing of a span too short to tell."""
        now = self._clock()
        if now - self._since < 1:
            return {}
        with self._lock:
            seconds, self._seconds = self._seconds, defaultdict(float)
        span, self._since = now - self._since, now
        return {f"watching_{part}": 100 * seconds[part] / span for part in WATCHING}


@dataclass(frozen=True, slots=True)
class Stored:
    """One table of telemetry, all its partitions and indexes together.

    Attributes:
        rows_a_day: at the pace of the last hour where rows come every few seconds, else of the last day.
    """

    table: str
    what: str
    rows_a_day: float
    bytes: int
    partitions: int


TABLES = {
    "latency_live": "Requests, each process's own, of the last hours",
    "latency": "Requests, rolled up",
    "samples_live": "Readings, each process's own, of the last hours",
    "samples": "Readings, rolled up",
    "statement_times_live": "Statements, each process's own, of the last hours",
    "statement_times": "Statements, rolled up",
    "statement_sums_live": "What statements add up to, each process's own, of the last hours",
    "statement_sums": "What statements add up to, rolled up",
    "slow_queries": "Slow statements with their plans",
    "slow_requests": "The slowest requests",
    "job_runs": "Runs of jobs",
    "source_answers": "Answers of sources",
    "alert_transitions": "What alerts did",
}


async def stored(db: Database) -> tuple[list[Stored], int]:
    """Every table of telemetry, the largest first; and the bytes of the whole database."""
    rows = await db.rows("watching.stored", tables=list(TABLES))
    tables = [
        Stored(row["name"], TABLES[row["name"]], row["rows_a_day"] or 0.0, row["bytes"], row["partitions"])
        for row in rows
    ]
    return tables, int(await db.value("watching.database_bytes"))
