"""Read what communities ask of a post: their rules and requirements, the largest communities first."""

from datetime import timedelta
from typing import Any

from collectors.fields import clean
from collectors.outcome import Alive, Outcome, Refused
from collectors.records import Details
from db import details
from db.database import Session
from jobs.context import Context
from jobs.job import Arguments
from jobs.leases import LEASE, batches, given_back
from jobs.refusals import raise_if_hopeless
from jobs.shares import calls

EVERY = timedelta(minutes=2)
BATCH = 10
CALLS_EACH = 2  # rules, and requirements
AGAIN_IN = timedelta(days=30)  # rules seldom change
UNKNOWN_AGAIN_IN = timedelta(hours=1)


async def plan(context: Context, session: Session) -> list[Arguments]:
    """Reserve as many communities as the budget affords, in batches of ids."""
    limit = await calls(context.budget, "read_details", EVERY) // CALLS_EACH
    due = await session.rows("details.lease_due", lease=LEASE, limit=limit)
    return batches([row["id"] for row in due], BATCH)


async def run(context: Context, ids: list[str]) -> int:
    """Of how many communities the details were stored.

    Raises:
        SourceFailed: the source turns us away altogether; what was not done stays due.
    """
    kept = 0
    rows = await context.db.rows("details.renew_lease", lease=LEASE, ids=ids)
    async with given_back(context, "details.release", ids):
        for row in rows:
            outcome = await context.source.details(row["name"])
            raise_if_hopeless(outcome)
            async with context.db.transaction() as session:
                kept += await _keep(session, row["id"], outcome)
    return kept


async def _keep(session: Session, one: str, outcome: Outcome[Details]) -> int:
    """A source that has none to tell says no, and is asked again in a month; of an unclear answer nothing is kept."""
    settled = isinstance(outcome, Alive | Refused)
    await details.due_again(session, one, AGAIN_IN if settled else UNKNOWN_AGAIN_IN)
    if not isinstance(outcome, Alive):
        return 0
    found = outcome.value
    await details.keep(session, one, storable(found.rules), storable(found.requirements))
    return 1


def storable(value: Any) -> Any:
    """The same, with texts that PostgreSQL can hold."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(str(key)): storable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [storable(one) for one in value]
    return value
