"""Which statements advice rests on: those that were run in the last days, wherever they were measured."""

from datetime import UTC, datetime, timedelta

from db import statement_times
from db.advice.asked import Asked
from db.diagnosis import workload
from db.diagnosis.abilities import Unanswered
from db.diagnosis.target import Target

LOOKED_BACK = timedelta(days=7)


async def statements_asked(target: Target) -> list[Asked]:
    """What Subpulse ran itself, as it measured it, and what others ran, where that is counted.

    Raises:
        DatabaseDown: the server is away.
    """
    found: list[Asked] = []
    if target.is_own:
        now = datetime.now(UTC)
        found = [
            Asked(one.statement, one.text, one.totals.calls, one.totals.total_seconds, one.totals.mean)
            for one in await statement_times.by_statement(target.db, now - LOOKED_BACK, now)
        ]
    others = await workload.workload(target)
    if isinstance(others, Unanswered):
        return found
    return found + [
        Asked(" ".join(one.text.split()), one.text, one.calls, one.total_seconds, one.mean_seconds)
        for one in others.statements
        if not (target.is_own and one.is_ours)
    ]
