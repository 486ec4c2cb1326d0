"""Ask for the metadata of known communities again, a hundred per call."""

from datetime import timedelta

from collectors.outcome import Alive, Refused
from db import subreddits
from db.database import Session
from jobs.context import Context
from jobs.job import Arguments, SourceFailed
from jobs.leases import LEASE, batches

BATCH = 100  # Reddit's /api/info answers so many names at most
MOST_PER_START = 1000
ASK_WHY_AT_MOST = 10
REFUSED_AGAIN_IN = timedelta(days=1)
MISSING_AGAIN_IN = timedelta(days=7)


async def plan(context: Context, session: Session) -> list[Arguments]:
    """Reserve what is due, in batches of names."""
    due = await session.rows("subreddits.lease_due", lease=LEASE, limit=MOST_PER_START)
    return batches([row["name"] for row in due], BATCH)


async def run(context: Context, names: list[str]) -> int:
    """How many were asked for. Those that Reddit leaves out are asked for one by one, to learn why."""
    await context.db.execute("subreddits.renew_lease", lease=LEASE, names=[name.lower() for name in names])
    outcome = await context.source.metadata_by_name(names)
    if not isinstance(outcome, Alive):
        raise SourceFailed(outcome)
    async with context.db.transaction() as session:
        await subreddits.merge(session, outcome.value.subreddits)
    for name in outcome.value.missing[:ASK_WHY_AT_MOST]:
        await _ask_why(context, name)
    return len(names)


async def _ask_why(context: Context, name: str) -> None:
    outcome = await context.source.about(name)
    async with context.db.transaction() as session:
        if isinstance(outcome, Alive):
            await subreddits.merge(session, [outcome.value])
        elif isinstance(outcome, Refused) and outcome.is_of_the_community:
            again_in = MISSING_AGAIN_IN if outcome.reason == "missing" else REFUSED_AGAIN_IN
            await subreddits.set_state(session, [name], "refused", outcome.reason, again_in)
