"""What statements took in the days before a report, compared with as long a time before those."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from db import statement_times
from db.database import Database
from db.diagnosis.workload import Statement, Workload, difference
from db.reports import PERIOD, Costs, Counters, StatementCost

TOLD = 20
"""statements in a report, of which those of Subpulse and those of others are counted apart"""


async def own_costs(db: Database, at: datetime) -> Costs:
    """What Subpulse ran in the week before a moment, by its own measure.

    Raises:
        DatabaseDown: our own database is away.
    """
    now = await statement_times.by_statement(db, at - PERIOD, at)
    before = {
        one.statement: one.totals
        for one in await statement_times.by_statement(db, at - 2 * PERIOD, at - PERIOD)
    }
    whole = sum(one.totals.total_seconds for one in now)
    told = []
    for one in now[:TOLD]:
        earlier = before.get(one.statement)
        told.append(
            StatementCost(
                statement=one.statement,
                role=None,
                calls=one.totals.calls,
                seconds=one.totals.total_seconds,
                share_percent=_share(one.totals.total_seconds, whole),
                mean_seconds=one.totals.mean,
                p95_seconds=one.totals.p95,
                seconds_before=(earlier.total_seconds if earlier else 0.0) if before else None,
                mean_seconds_before=earlier.mean if earlier else None,
            )
        )
    return Costs(
        at - PERIOD,
        at,
        sum(one.totals.calls for one in now),
        whole,
        sum(each.total_seconds for each in before.values()) if before else None,
        tuple(told),
    )


def others_costs(counted: Workload, before: Counters | None, at: datetime) -> tuple[Costs, Counters]:
    """What others ran since the report before, or since counting began; and what the next report compares with.

    The time before was hardly as long: what it took is told as if it had been.
    """
    continues = before is not None and before.counted.since == counted.since
    since = before.at if before is not None and continues else counted.since
    ran = difference(counted, before.counted) if before is not None else counted
    period = tuple(one for one in ran.statements if not one.is_ours)
    costs = _costs(period, since, at, before)
    bare = replace(counted, statements=tuple(replace(one, text="") for one in counted.statements))
    return costs, Counters(at, bare, since, tuple(replace(one, text="") for one in period))


def _costs(period: Sequence[Statement], since: datetime, at: datetime, before: Counters | None) -> Costs:
    whole = sum(one.total_seconds for one in period)
    earlier = {_key(one): one for one in before.period} if before is not None else {}
    longer = _times_longer(since, at, before)
    told = []
    for one in period[:TOLD]:
        same = earlier.get(_key(one))
        told.append(
            StatementCost(
                statement=" ".join(one.text.split()),
                role=one.role,
                calls=one.calls,
                seconds=one.total_seconds,
                share_percent=_share(one.total_seconds, whole),
                mean_seconds=one.mean_seconds,
                p95_seconds=None,
                seconds_before=None if longer is None else longer * (same.total_seconds if same else 0.0),
                mean_seconds_before=same.mean_seconds if same else None,
            )
        )
    seconds_before = None if longer is None else longer * sum(one.total_seconds for one in earlier.values())
    return Costs(since, at, sum(one.calls for one in period), whole, seconds_before, tuple(told))


def _times_longer(since: datetime, at: datetime, before: Counters | None) -> float | None:
    """How many times as long the period is as the one before; None where there was none."""
    if before is None:
        return None
    seconds = (before.at - before.since).total_seconds()
    return (at - since).total_seconds() / seconds if seconds > 0 else None


def _key(one: Statement) -> tuple[str, str, bool]:
    return one.id, one.role, one.is_direct


def _share(part: float, whole: float) -> float:
    return 100 * part / whole if whole else 0.0
