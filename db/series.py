"""Every series of readings that is stored: what it is called, its unit, and how its values become one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from typing import Literal

from db.database import Database

Unit = Literal["bytes", "percent", "count", "per second", "ms", "seconds"]
Group = Literal["Requests", "Memory", "CPU", "Event loop", "PostgreSQL", "Queue and cache", "Watching"]
Merge = Literal["each", "shared"]
Within = Literal["last", "mean", "max"]


@dataclass(frozen=True, slots=True)
class Series:
    """One series.

    Attributes:
        title: what people call it.
        unit: of the value as stored; percent of a core or of a whole, from 0 to 100 and, of cores, beyond.
        group: beside which others it is shown.
        merge: `each` process has a value of its own, or all processes read the same thing (`shared`), so that their
            mean is as good as any.
        within: which of the values of ten seconds is stored: the last one, their mean, or the highest.
    """

    title: str
    unit: Unit
    group: Group
    merge: Merge = "each"
    within: Within = "last"


WATCHING = {  # parts of what Subpulse's own measuring costs, as db/watching.py times them
    "requests": "Noting requests",
    "statements": "Noting statements",
    "folding": "Counting requests into histograms",
    "present": "Reading the present from PostgreSQL",
    "frames": "Composing and sending a frame a second",
    "sampling": "Sampling",
    "flushing": "Flushing",
    "rolling_up": "Rolling up, making and dropping partitions",
    "alerts": "Checking alert rules",
}

SERIES: dict[str, Series] = {
    "requests": Series("Requests", "per second", "Requests"),
    "errors": Series("Errors", "per second", "Requests"),
    "p50": Series("p50", "ms", "Requests"),
    "p95": Series("p95", "ms", "Requests"),
    "p99": Series("p99", "ms", "Requests"),
    "rss": Series("Resident (RSS)", "bytes", "Memory"),
    "pss": Series("PSS", "bytes", "Memory"),
    "heap": Series("heap", "bytes", "Memory"),
    "malloc_used": Series("malloc", "bytes", "Memory"),
    "malloc_free": Series("malloc free", "bytes", "Memory"),
    "python_blocks": Series("Python's blocks", "count", "Memory"),
    "memory_limit": Series("Memory limit", "bytes", "Memory"),
    "system_memory": Series("Memory in use", "bytes", "Memory", "shared"),
    "system_memory_limit": Series("Memory there is", "bytes", "Memory", "shared"),
    "cpu": Series("CPU", "percent", "CPU", within="mean"),
    "system_cpu": Series("in use", "percent", "CPU", "shared", "mean"),
    "system_throttled": Series("held up by the quota", "percent", "CPU", "shared", "mean"),
    "system_cores": Series("Cores there are", "count", "CPU", "shared"),
    "load": Series("Load", "count", "CPU", "shared", "mean"),
    "threads": Series("threads", "count", "CPU"),
    "open_files": Series("files", "count", "CPU"),
    "gc_0": Series("young", "per second", "CPU", within="mean"),
    "gc_1": Series("middle", "per second", "CPU", within="mean"),
    "gc_2": Series("full", "per second", "CPU", within="mean"),
    "loop_lag_mean": Series("mean", "ms", "Event loop", within="mean"),
    "loop_lag_max": Series("most", "ms", "Event loop", within="max"),
    "pg_active": Series("active", "count", "PostgreSQL", "shared"),
    "pg_idle": Series("idle", "count", "PostgreSQL", "shared"),
    "pg_idle_in_transaction": Series("idle in transaction", "count", "PostgreSQL", "shared"),
    "pg_connections": Series("Connections", "count", "PostgreSQL", "shared"),
    "pg_max_connections": Series("Connections at most", "count", "PostgreSQL", "shared"),
    "pg_transactions": Series("Transactions", "per second", "PostgreSQL", "shared"),
    "pg_hit_rate": Series("Blocks found in memory", "percent", "PostgreSQL", "shared"),
    "pg_size": Series("Database", "bytes", "PostgreSQL", "shared"),
    "pg_wal": Series("WAL, bytes a second", "per second", "PostgreSQL", "shared"),
    "pg_temp_files": Series("temporary files", "per second", "PostgreSQL", "shared"),
    "pg_temp_bytes": Series("Temporary bytes a second", "per second", "PostgreSQL", "shared"),
    "pg_deadlocks": Series("deadlocks", "per second", "PostgreSQL", "shared"),
    "pool_size": Series("open", "count", "PostgreSQL", within="mean"),
    "pool_in_use": Series("in use", "count", "PostgreSQL", within="mean"),
    "pool_waiting": Series("waiting", "count", "PostgreSQL", within="max"),
    "pool_wait": Series("Wait for a connection, p95", "ms", "PostgreSQL"),
    "pool_reuse": Series("Uses of a connection", "count", "PostgreSQL"),
    "pool_oldest": Series("oldest", "seconds", "PostgreSQL"),
    "pool_age": Series("mean", "seconds", "PostgreSQL"),
    "prepared_reuse": Series("Prepared statements reused", "percent", "PostgreSQL"),
    "slow_queries": Series("Slow statements in 5 min", "count", "PostgreSQL"),
    "queue_waiting": Series("waiting", "count", "Queue and cache", "shared"),
    "queue_running": Series("running", "count", "Queue and cache", "shared"),
    "queue_oldest": Series("Oldest waiting", "seconds", "Queue and cache", "shared"),
    "hit_rate": Series("Hit rate", "percent", "Queue and cache"),
    "cache_entries": Series("Entries", "count", "Queue and cache"),
    "sessions": Series("pages", "count", "Queue and cache"),
    "viewers": Series("listeners", "count", "Queue and cache"),
    "subreddits": Series("Communities", "count", "Queue and cache", "shared"),
    "posts": Series("Posts", "count", "Queue and cache", "shared"),
    **{
        f"watching_{part}": Series(title, "percent", "Watching", within="mean")
        for part, title in WATCHING.items()
    },
}
LAST = Series("", "count", "Requests")


def within_interval(seconds: Iterable[Mapping[str, float | None]]) -> dict[str, float]:
    """One value per series out of those of some seconds, oldest first; what no second knew is left out."""
    known: dict[str, list[float]] = {}
    for values in seconds:
        for name, value in values.items():
            if value is not None:
                known.setdefault(name, []).append(value)
    return {name: _one(SERIES.get(name, LAST).within, values) for name, values in known.items()}


def _one(within: Within, values: list[float]) -> float:
    if within == "max":
        return max(values)
    return fmean(values) if within == "mean" else values[-1]


async def processes(db: Database, since: datetime, until: datetime) -> list[str]:
    """Names of the processes that stored readings in a range, the app's first."""
    rows = await db.rows("series.processes", since=since, until=until)
    return [row["process"] for row in rows]
