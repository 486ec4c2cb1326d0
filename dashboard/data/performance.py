"""Requests, the response cache and statements."""

from datetime import timedelta

from dashboard.data.bridge import Row, asked, connection, since
from dashboard.kept import kept
from db import telemetry


@kept(seconds=5, entries=20)
def endpoints(minutes: int) -> list[telemetry.RouteLatency]:
    """Every route of the last minutes, the busiest first."""
    return asked("endpoints", lambda db: telemetry.latency_by_route(db, since(minutes)))


@kept(seconds=5, entries=50)
def latency(minutes: int, step_seconds: int, route: str | None) -> list[Row]:
    """One route's or all requests in steps: at, count, server_errors, p50, p95, p99 in seconds."""
    step = timedelta(seconds=step_seconds)
    return asked("endpoints", lambda db: telemetry.latency_over_time(db, since(minutes), step, route))


def cache_namespaces() -> list[Row]:
    """Each namespace of this process's response cache; needs no database."""
    return there.cache_stats() if (there := connection()) else []


@kept(seconds=10, entries=10)
def hit_rate(minutes: int) -> list[Row]:
    """The cache's hit rate over time: at, value in percent."""
    return asked("cache", lambda db: telemetry.samples_since(db, ["hit_rate"], since(minutes)))


@kept(seconds=5, entries=10)
def slow_queries(minutes: int) -> list[Row]:
    """Slow executions, newest first; `plan` as indented text, or None and why in `plan_missing`."""
    found = asked("slow queries", lambda db: telemetry.slow_queries(db, since(minutes)))
    return [
        {**row, "plan": telemetry.plan_summary(row["plan"]) if row["plan"] is not None else None}
        for row in found
    ]


@kept(seconds=10, entries=10)
def statements(minutes: int) -> list[Row]:
    """Statements by the time they took in all."""
    return asked("slow queries", lambda db: telemetry.statements_since(db, since(minutes)))
