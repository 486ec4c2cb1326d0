"""Ask an archive how many subscribers communities had, the largest first; only Arctic Shift can tell."""

from datetime import UTC, datetime, timedelta
from typing import Protocol, runtime_checkable

from collectors.outcome import Alive, Outcome, Refused
from db import history
from jobs.context import Context
from jobs.refusals import raise_if_hopeless
from jobs.shares import calls

EVERY = timedelta(minutes=5)
SPAN = timedelta(days=365)


@runtime_checkable
class Archive(Protocol):
    """A source that remembers."""

    async def subscriber_history(
        self, name: str, since: datetime
    ) -> Outcome[tuple[tuple[datetime, int], ...]]:
        """(time, subscribers), oldest first."""


async def run(context: Context) -> int:
    """How many points of growth were stored; our own readings stay as they are.

    Raises:
        SourceFailed: the source turns us away altogether.
    """
    archive = context.source
    if not isinstance(archive, Archive):
        return 0
    limit = await calls(context.budget, "read_history", EVERY)
    kept = 0
    for row in await context.db.rows("history.lacking", limit=limit):
        outcome = await archive.subscriber_history(row["name"], datetime.now(UTC) - SPAN)
        raise_if_hopeless(outcome)
        async with context.db.transaction() as session:
            if isinstance(outcome, Alive):
                kept += await history.keep(session, row["id"], outcome.value)
            elif isinstance(outcome, Refused):
                await history.keep(session, row["id"], ())
    return kept
