"""The response cache and statements."""

from dataclasses import asdict
from datetime import datetime

from dashboard.data.bridge import Row, asked, connection
from dashboard.kept import kept
from db import plan_tree, samples, statement_times
from db import slow_queries as log


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
    """Slow executions, newest first: id, at, statement, asker, seconds, rows."""
    found = asked("slow queries", lambda db: log.newest(db, since, until))
    return [asdict(slow) for slow in found]


@kept(seconds=60, entries=20)
def slow_query(at: datetime, id: int) -> Row:
    """Its statement's text; `plan` as indented text, or None and why in `plan_missing`."""
    found = asked("slow queries", lambda db: log.one(db, at, id))
    if found is None:
        return {"text": "", "plan": None, "plan_missing": "it is no longer kept"}
    plan = plan_tree.summary(found.plan) if found.plan is not None else None
    return {"text": found.text, "plan": plan, "plan_missing": found.plan_missing}


@kept(seconds=5, entries=20)
def slow_query_counts(since: datetime, until: datetime, step_seconds: int) -> list[Row]:
    """Steps with slow executions: at, count, and of how many `calls`."""
    found = asked(
        "slow queries",
        lambda db: statement_times.over_time(db, since, until, step_seconds, with_p95=False),
    )
    steps = zip(found.at, found.slow, found.calls, strict=True)
    return [{"at": at, "count": slow, "calls": calls} for at, slow, calls in steps if slow]


@kept(seconds=10, entries=10)
def statements(since: datetime, until: datetime) -> list[Row]:
    """Statements by the time they took in all."""
    found = asked("slow queries", lambda db: statement_times.by_statement(db, since, until, limit=100))
    return [
        {
            "statement": one.statement,
            "askers": ", ".join(asker.asker for asker in one.askers),
            "mean_seconds": one.totals.mean,
            "p95_seconds": one.totals.p95,
            "max_seconds": one.totals.max,
            "total_seconds": one.totals.total_seconds,
            "calls": one.totals.calls,
            "rows": one.totals.rows,
        }
        for one in found
    ]
