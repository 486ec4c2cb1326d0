"""What an index changed: the cost of its statements' plans at once, their times after a while."""

from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from db.advice.changes import IndexChange, Times, timed
from db.advice.scans import total_cost
from db.database import Database
from db.diagnosis.target import Target, question
from db.generic_plans import NotExplained, generic_plan

TIMED_AFTER = timedelta(hours=1)


async def cost_after(db: Database, target: Target, change: IndexChange) -> None:
    """Note what the plans of a change's statements cost now."""
    known = [{**one, "cost_after": await _cost(target, one["text"])} for one in change.statements]
    if known:
        await db.execute(
            "index_changes.keep_statements", id=change.id, statements=Jsonb(known), is_measured=False
        )


async def measure_after(db: Database, target: Target, times: Times, after: timedelta = TIMED_AFTER) -> int:
    """Note how long statements take since their index is there for `after`; of how many changes.

    A change whose statements were not called since is looked at again.
    """
    rows = await db.rows("index_changes.to_measure", target=target.name, ago=after)
    measured = 0
    for row in rows:
        change = IndexChange(**row)
        assert change.finished_at is not None
        known: list[dict[str, Any]] = [
            {**one, "after": await timed(times, one["statement"], change.finished_at, datetime.now(UTC))}
            for one in change.statements
        ]
        if any(one["after"] is not None for one in known):
            await db.execute(
                "index_changes.keep_statements", id=change.id, statements=Jsonb(known), is_measured=True
            )
            measured += 1
    return measured


async def _cost(target: Target, text: str) -> float | None:
    async with question(target) as session:
        await session.value("advice.usual_search_path", also=None)
        try:
            return total_cost(await generic_plan(session.connection, text))
        except NotExplained:  # its table has changed meanwhile
            return None
