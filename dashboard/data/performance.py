"""The response cache and statements."""

from datetime import datetime

from dashboard.data.bridge import Row, asked, connection
from dashboard.kept import kept
from db import between, samples, telemetry


def cache_namespaces() -> list[Row]:
    """Each namespace of this process's response cache; needs no database."""
    return there.cache_stats() if (there := connection()) else []


@kept(seconds=10, entries=10)
def hit_rate(since: datetime, until: datetime, step_seconds: int) -> list[Row]:
    """The cache's hit rate in steps: at, mean in percent."""
    series = ("hit_rate",)
    found = asked("cache", lambda db: samples.over_time(db, series, since, until, step_seconds))
    return found["hit_rate"]


@kept(seconds=5, entries=10)
def slow_queries(since: datetime, until: datetime) -> list[Row]:
    """Slow executions, newest first; `plan` as indented text, or None and why in `plan_missing`."""
    found = asked("slow queries", lambda db: between.slow_queries(db, since, until))
    return [
        {**row, "plan": telemetry.plan_summary(row["plan"]) if row["plan"] is not None else None}
        for row in found
    ]


@kept(seconds=5, entries=20)
def slow_query_counts(since: datetime, until: datetime, step_seconds: int) -> list[Row]:
    """Slow executions in steps: at, count, and slowest in seconds."""
    return asked("slow queries", lambda db: between.slow_query_counts(db, since, until, step_seconds))


@kept(seconds=10, entries=10)
def statements(since: datetime, until: datetime) -> list[Row]:
    """Statements by the time they took in all."""
    return asked("slow queries", lambda db: between.statements(db, since, until))
