"""The slow query log: of each statement and asker the slowest execution in ten seconds, kept for thirty days.

How many there were is counted apart and exactly (db/statement_times.py). So however many are slow at once, the log
grows by no more than six rows a minute for each statement, asker and process.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from db import between, plans, statement_times
from db.database import Database
from db.generic_plans import Plan
from db.levels import STEP, moment
from db.normalized import identified
from db.statement_costs import SlowQuery, parameter_types
from db.statement_times import StatementTime

SHOWN = 200
BESIDE = 20
TOO_MANY = "too many statements were slow at once for each to be explained"


async def add(db: Database, instance: str, slow: SlowQuery, with_plan: bool = True) -> None:
    """Store a slow execution, with its plan, which is taken now, on nobody's time."""
    plan, missing = await plans.explain(db, slow.text, slow.params) if with_plan else (None, TOO_MANY)
    await db.execute(
        "slow_queries.add",
        at=datetime.fromtimestamp(slow.at, UTC),
        instance=instance,
        statement=identified(slow.text).name,
        asker=slow.asker,
        seconds=slow.seconds,
        rows=slow.rows,
        reused=slow.reused,
        parameter_types=Jsonb(parameter_types(slow.params)),
        plan=Jsonb(plan) if plan is not None else None,
        plan_missing=missing,
    )


@dataclass(frozen=True, slots=True)
class Slow:
    """One slow execution.

    Attributes:
        at: when it ended.
        reused: whether it reused a prepared statement; None where that is not known.
        parameter_types: of its parameters by name or place, never their values.
    """

    id: int
    at: datetime
    instance: str
    statement: str
    asker: str
    seconds: float
    rows: int
    reused: bool | None
    parameter_types: dict[str, str]

    @property
    def began(self) -> datetime:
        return self.at - timedelta(seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class Opened:
    """One with its statement's text and its plan as EXPLAIN (FORMAT JSON) gave it, or why there is none."""

    slow: Slow
    text: str
    plan: Plan | None
    plan_missing: str | None


async def newest(
    db: Database,
    since: datetime,
    until: datetime,
    statement: str | None = None,
    asker: str | None = None,
    limit: int = SHOWN,
) -> list[Slow]:
    """The newest of a range, newest first; of one statement or asker when it is named."""
    span = {"since": since, "until": until, "limit": limit}
    if statement is not None:
        rows = await db.rows("slow_queries.of_statement", statement=statement, asker=asker, **span)
    elif asker is not None:
        rows = await db.rows("slow_queries.of_asker", asker=asker, **span)
    else:
        rows = await db.rows("slow_queries.newest", **span)
    return [Slow(**row) for row in rows]


async def one(db: Database, at: datetime, id: int) -> Opened | None:
    """The one that ended then and has that number, None when it is no longer kept."""
    row = await db.row("slow_queries.one", at=at, id=id)
    if row is None:
        return None
    text, plan, missing = (row.pop(name) for name in ("text", "plan", "plan_missing"))
    return Opened(Slow(**row), text, plan, missing)


@dataclass(frozen=True, slots=True)
class Beside:
    """What else ran while a statement was slow.

    Attributes:
        runs: of jobs, as `db.between.runs` tells them.
        slow: other slow executions, the longest first.
        statements: all of the ten seconds that it touched (of the minutes, when they are more than two days ago), by
            the time they took; its own is among them.
    """

    runs: list[DictRow]
    slow: list[Slow]
    statements: list[StatementTime]


async def beside(db: Database, slow: Slow, but: Sequence[str] = ()) -> Beside:
    """What ran beside a slow execution.

    Args:
        but: jobs to leave out, such as those that every process runs all the time.
    """
    since = moment(int(slow.began.timestamp()) // STEP * STEP)
    until = moment(int(slow.at.timestamp()) // STEP * STEP + STEP)
    others: dict[str, Any] = {"began": slow.began, "ended": slow.at, "id": slow.id, "limit": BESIDE}
    return Beside(
        await between.runs(db, slow.began, slow.at, but, limit=BESIDE),
        [Slow(**row) for row in await db.rows("slow_queries.overlapping", **others)],
        await statement_times.by_statement(db, since, until, limit=BESIDE),
    )
