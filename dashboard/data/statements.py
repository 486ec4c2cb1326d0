"""The statements that Subpulse ran: what they cost, who asked for them, the slow ones, and their plans."""

from datetime import datetime

from dashboard.data.bridge import asked
from dashboard.data.jobs import jobs_of_each_process
from dashboard.kept import kept
from db import plan_tree, plans, slow_queries, statement_times
from db.plan_tree import PlanNode
from db.slow_queries import Beside, Opened, Slow
from db.statement_times import AskerTime, OverTime, StatementTime
from db.statement_totals import Totals

__all__ = [
    "SHOWN",
    "AskerTime",
    "Beside",
    "Opened",
    "OverTime",
    "PlanNode",
    "Slow",
    "StatementTime",
    "Totals",
    "askers",
    "beside",
    "over_time",
    "plan_now",
    "plan_of",
    "slow_log",
    "slow_one",
    "statements",
]

PAGE = "database"
SHOWN = slow_queries.SHOWN


@kept(seconds=10, entries=10)
def statements(since: datetime, until: datetime, asker: str | None) -> list[StatementTime]:
    """Every statement of a range, or those of one asker, by the time they took in all."""
    return asked(PAGE, lambda db: statement_times.by_statement(db, since, until, asker))


@kept(seconds=10, entries=10)
def askers(since: datetime, until: datetime) -> list[AskerTime]:
    """Every endpoint, job and page that ran statements in a range, by the time these took."""
    return asked(PAGE, lambda db: statement_times.by_asker(db, since, until))


@kept(seconds=10, entries=20)
def over_time(
    since: datetime,
    until: datetime,
    step_seconds: int,
    statement: str | None,
    asker: str | None,
    with_p95: bool = True,
) -> OverTime:
    """Calls, rows, seconds, slow ones and, for twice the time to read them, p95 in steps."""
    return asked(
        PAGE,
        lambda db: statement_times.over_time(db, since, until, step_seconds, statement, asker, with_p95),
    )


@kept(seconds=5, entries=20)
def slow_log(since: datetime, until: datetime, statement: str | None, asker: str | None) -> list[Slow]:
    """The newest slow executions of a range, newest first, SHOWN at most."""
    return asked(PAGE, lambda db: slow_queries.newest(db, since, until, statement, asker))


@kept(seconds=60, entries=20)
def slow_one(at: datetime, number: int) -> Opened | None:
    """A slow execution with its text and plan; None when it is no longer kept."""
    return asked(PAGE, lambda db: slow_queries.one(db, at, number))


@kept(seconds=60, entries=20)
def beside(at: datetime, number: int) -> Beside | None:
    """What else ran meanwhile, without the jobs that every process runs all the time; None when it is not kept."""
    opened = slow_one(at, number)
    if opened is None:
        return None
    return asked(PAGE, lambda db: slow_queries.beside(db, opened.slow, jobs_of_each_process()))


def plan_of(opened: Opened) -> PlanNode | None:
    """The plan that was kept, as a tree."""
    return None if opened.plan is None else plan_tree.tree(opened.plan)


@kept(seconds=60, entries=20)
def plan_now(text: str) -> tuple[PlanNode | None, str | None]:
    """(how PostgreSQL would run a statement now, whatever its parameters, None), or (None, why that is not known)."""
    plan, missing = asked(PAGE, lambda db: plans.explain_generic(db, text))
    return (None if plan is None else plan_tree.tree(plan)), missing
