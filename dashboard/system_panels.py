"""Which charts the System page has, and what each is drawn of: data, not code."""

from dataclasses import dataclass

from dashboard import format

PLAIN, FINE, PERCENT, MILLISECONDS = "%{y:,.0f}", "%{y:,.2f}", "%{y:,.1f} %", "%{y:,.1f} ms"
MIB = "%{y:,.1f} MiB"


@dataclass(frozen=True, slots=True)
class Limit:
    """A thin line at what a series says, or at a figure.

    Attributes:
        of: the series that tells it.
        label: what stands at the line.
        share: of it, from 0 to 1.
    """

    of: str
    label: str
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart.

    Attributes:
        series: names (db/series.py); a line each.
        unit: beside the scale.
        note: small and grey beside the title.
        scale: what to multiply values with.
        reading: how the hover writes a value, in Plotly's words.
        shared: all processes read the same.
        most: where the scale ends, for shares of a whole.
    """

    title: str
    series: tuple[str, ...]
    unit: str
    note: str
    scale: float = 1.0
    reading: str = PLAIN
    shared: bool = False
    limits: tuple[Limit, ...] = ()
    most: float | None = None


PER_MINUTE = 60.0
ALERT_SHARE = 0.8  # of the memory limit, at which the memory alert fires
POOL = Panel(
    "Pool",
    ("pool_size", "pool_in_use", "pool_waiting"),
    "Connections",
    "connections, and who waits",
    reading=FINE,
)
CONNECTIONS = Panel(
    "Connections",
    ("pg_active", "pg_idle", "pg_idle_in_transaction"),
    "Connections",
    "by state",
    reading=FINE,
    shared=True,
    limits=(Limit("pg_max_connections", "max_connections"),),
)
OF_THE_POOL = (  # of the Database page
    POOL,
    Panel("Wait for a connection", ("pool_wait",), "Milliseconds", "p95, ms", reading="%{y:,.2f} ms"),
    Panel("Prepared statements", ("prepared_reuse",), "Percent", "percent reused", reading=PERCENT, most=102),
    Panel("Age of connections", ("pool_oldest", "pool_age"), "Minutes", "minutes", 1 / 60, "%{y:,.1f} min"),
    Panel("Uses of a connection", ("pool_reuse",), "Times", "in the mean"),
    CONNECTIONS,
)
GROUPS: dict[str, tuple[Panel, ...]] = {
    "Memory": (
        Panel(
            "Resident memory", ("rss",), "MiB", "RSS", 1 / format.MIB, MIB,
            limits=(Limit("memory_limit", "alert at 80 %", ALERT_SHARE), Limit("memory_limit", "limit")),
        ),
        Panel(
            "Where it is", ("pss", "heap", "malloc_used", "malloc_free"), "MiB", "MiB", 1 / format.MIB, MIB,
        ),
        Panel(
            "Memory around it", ("system_memory",), "MiB", "in use, MiB", 1 / format.MIB, MIB, shared=True,
            limits=(Limit("system_memory_limit", "all there is"),),
        ),
    ),
    "CPU": (
        Panel("CPU of the process", ("cpu",), "Percent", "percent of one core", reading=PERCENT),
        Panel(
            "CPU around it", ("system_cpu", "system_throttled"), "Percent", "percent of all cores", reading=PERCENT,
            shared=True, most=100,
        ),
        Panel(
            "Load", ("load",), "Processes", "that run or want to", reading=FINE, shared=True,
            limits=(Limit("system_cores", "cores"),),
        ),
    ),
    "Event loop and interpreter": (
        Panel(
            "Event-loop lag", ("loop_lag_mean", "loop_lag_max"), "Milliseconds", "woken too late, ms",
            reading=MILLISECONDS,
        ),
        Panel(
            "Garbage collections", ("gc_0", "gc_1", "gc_2"), "Per minute", "per minute, by generation", PER_MINUTE,
            "%{y:,.1f}",
        ),
        Panel("Python's objects", ("python_blocks",), "Blocks", "blocks of up to 512 bytes"),
    ),
    "PostgreSQL": (
        CONNECTIONS,
        Panel("Transactions", ("pg_transactions",), "Per second", "per second", reading="%{y:,.1f}", shared=True),
        Panel(
            "Blocks found in memory", ("pg_hit_rate",), "Percent", "percent of those asked for", reading=PERCENT,
            shared=True, most=102,
        ),
        Panel("Database size", ("pg_size",), "MiB", "MiB on disk", 1 / format.MIB, MIB, shared=True),
        Panel(
            "WAL written", ("pg_wal",), "MiB a minute", "MiB a minute", PER_MINUTE / format.MIB, "%{y:,.2f} MiB",
            shared=True,
        ),
        Panel(
            "Temporary files and deadlocks", ("pg_temp_files", "pg_deadlocks"), "Per minute", "per minute",
            PER_MINUTE, FINE, shared=True,
        ),
    ),
    "Queue, pool and cache": (
        Panel("Queue", ("queue_waiting", "queue_running"), "Batches", "batches", reading=FINE, shared=True),
        Panel(
            "Oldest waiting", ("queue_oldest",), "Seconds", "seconds since it was queued", reading="%{y:,.1f} s",
            shared=True,
        ),
        POOL,
        Panel(
            "Cache hit rate", ("hit_rate",), "Percent", "percent, of the last 5 minutes", reading=PERCENT, most=102
        ),
        Panel("Cache entries", ("cache_entries",), "Answers", "answers kept"),
        Panel("What is open", ("threads", "open_files", "sessions", "viewers"), "Count", "sockets are files, too"),
    ),
}  # fmt: skip
