"""Make and drop the indexes that somebody wants, here and in the databases that are watched."""

from datetime import timedelta

import structlog

from db.advice import changes
from db.advice.apply import apply_wanted
from db.database import Session
from db.diagnosis.target import opened
from db.errors import DatabaseDown
from jobs.context import Context
from jobs.job import Arguments

log = structlog.get_logger()

EVERY = timedelta(minutes=1)


async def plan(context: Context, session: Session) -> list[Arguments]:
    """One run where something is wanted or under way, none else."""
    return [{}] if await session.rows("index_changes.open_targets") else []


async def run(context: Context) -> int:
    """How many changes ended. Where DATABASE_ACTIONS does not allow them, what is wanted waits."""
    if not context.settings.viewers_may_act:
        return 0
    wanted = await changes.open_targets(context.db)
    ended = 0
    async with opened(context.settings, context.db) as targets:
        for name in sorted(wanted & targets.keys()):
            try:
                ended += await apply_wanted(context.db, targets[name], context.instance)
            except DatabaseDown as exc:
                if targets[name].is_own:
                    raise
                log.info("index changes wait", target=name, why=str(exc))  # the next run asks again
    return ended
