"""Find communities that are not known yet: the popular and the new ones, a hundred per call."""

from collectors.outcome import Alive
from db import subreddits
from jobs.context import Context
from jobs.job import SourceFailed


async def run(context: Context) -> int:
    """How many communities were seen; user profiles are left out. A listing that breaks off costs only its rest.

    Raises:
        SourceFailed: no listing gave anything.
    """
    seen: set[str] = set()
    failure: SourceFailed | None = None
    async for outcome in context.source.discover([]):
        if not isinstance(outcome, Alive):
            failure = SourceFailed(outcome)
            continue
        found = [one for one in outcome.value.subreddits if not one.is_profile]
        async with context.db.transaction() as session:
            await subreddits.merge(session, found)
        seen.update(one.id for one in found)
    if failure is not None and not seen:
        raise failure
    return len(seen)
