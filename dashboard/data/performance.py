"""Requests, the response cache and statements."""

from datetime import UTC, datetime, timedelta

from dashboard.data.bridge import Row, asked, connection
from dashboard.kept import kept
from db import between, telemetry


@kept(seconds=5, entries=20)
def endpoints(since: datetime) -> list[telemetry.RouteLatency]:
    """Every route since a moment, the busiest first."""
    return asked("endpoints", lambda db: telemetry.latency_by_route(db, since))


@kept(seconds=5, entries=50)
def latency(since: datetime, step_seconds: int, route: str | None) -> list[Row]:
    """One route's or all requests in steps: at, count, server_errors, p50, p95, p99 in seconds."""
    step = timedelta(seconds=step_seconds)
    return asked("endpoints", lambda db: telemetry.latency_over_time(db, since, step, route))


def cache_namespaces() -> list[Row]:
    """Each namespace of this process's response cache; needs no database."""
    return there.cache_stats() if (there := connection()) else []


@kept(seconds=10, entries=10)
def hit_rate(since: datetime, until: datetime, step_seconds: int) -> list[Row]:
    """The cache's hit rate in steps: at, mean in percent."""
    readings: dict[float, list[float]] = {}
    for row in asked("cache", lambda db: telemetry.samples_since(db, ["hit_rate"], since)):
        if row["at"] < until:
            begin = row["at"].timestamp() // step_seconds * step_seconds
            readings.setdefault(begin, []).append(row["value"])
    return [
        {"at": datetime.fromtimestamp(begin, UTC), "mean": sum(values) / len(values)}
        for begin, values in readings.items()
    ]


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
