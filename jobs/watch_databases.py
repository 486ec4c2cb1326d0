"""Keep how large databases are, ours and those that are watched, and measure what new indexes brought."""

from datetime import datetime, timedelta

import structlog

from db import statement_times
from db.advice.changes import Times
from db.advice.measured import measure_after
from db.diagnosis.abilities import Unanswered
from db.diagnosis.growth import note_sizes
from db.diagnosis.target import Target, opened, own
from db.errors import DatabaseDown
from jobs.context import Context

log = structlog.get_logger()

EVERY = timedelta(hours=1)


async def run(context: Context) -> int:
    """How many sizes were noted, and changes of indexes measured."""
    done = 0
    async with opened(context.settings, context.db) as targets:
        for target in targets.values():
            try:
                done += await _sizes(context, target)
            except DatabaseDown as exc:
                if target.is_own:
                    raise
                log.info("sizes not noted", target=target.name, why=str(exc))  # the next run asks again
    return done + await measure_after(context.db, own(context.db), _times(context))


async def _sizes(context: Context, target: Target) -> int:
    noted = await note_sizes(context.db, target)
    if isinstance(noted, Unanswered):
        log.info("sizes not noted", target=target.name, why=noted.reason)
        return 0
    return noted


def _times(context: Context) -> Times:
    """How long statements of our own database took; those of others are not timed by us."""

    async def usual(statement: str, since: datetime, until: datetime) -> tuple[float, float] | None:
        return await statement_times.usual(context.db, statement, since, until)

    return usual
