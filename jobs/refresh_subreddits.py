"""Ask for the metadata of known communities again, as many per call as the source answers."""

from datetime import timedelta

from collectors.outcome import Alive, Refused
from collectors.records import Subreddit
from db import subreddits
from db.database import Session
from jobs.context import Context
from jobs.job import Arguments, SourceFailed
from jobs.leases import LEASE, batches, given_back
from jobs.refusals import again_in, raise_if_hopeless
from jobs.shares import calls

EVERY = timedelta(seconds=30)
MOST_PER_START = 10_000
MOST_CALLS_PER_BATCH = 5
ASK_WHY_AT_MOST = 10  # of a batch; more would make one call in a hundred into a hundred
UNLEARNT_AGAIN_IN = timedelta(hours=1)
PLACEHOLDER = "r/"  # begins the id of a community of which a dump told only the name


async def plan(context: Context, session: Session) -> list[Arguments]:
    """Reserve as much of what is due as the budget affords now, in batches of ids; stand-ins in their own."""
    size = context.source.most_per_call
    limit = await calls(context.budget, "refresh_subreddits", EVERY) * size
    due = await session.rows("subreddits.lease_due", lease=LEASE, limit=min(limit, MOST_PER_START))
    ids = [row["id"] for row in due]
    stand_ins = [one for one in ids if one.startswith(PLACEHOLDER)]
    real = [one for one in ids if not one.startswith(PLACEHOLDER)]
    return batches(real, size * _calls_per_batch(context, len(real) // size)) + batches(stand_ins, size)


def _calls_per_batch(context: Context, in_all: int) -> int:
    """Several when much is due, so that the queue's own work counts little; one when all workers are to have some."""
    return min(max(in_all // (2 * context.settings.fetch_concurrency), 1), MOST_CALLS_PER_BATCH)


async def run(context: Context, ids: list[str]) -> int:
    """How many were asked for, as many in a call as the source answers.

    Raises:
        SourceFailed: it did not answer, or turns us away; what was not done stays due.
    """
    rows = await context.db.rows("subreddits.renew_lease", lease=LEASE, ids=ids)
    names = {row["id"]: row["name"] for row in rows}
    async with given_back(context, "subreddits.release", ids):
        for batch in batches(list(names), context.source.most_per_call):
            await _look_after(context, {one: names[one] for one in batch["ids"]})
    return len(names)


async def _look_after(context: Context, names: dict[str, str]) -> None:
    """Ask for {id: name}; those that the source leaves out are asked for one by one, to learn why."""
    left_out = await _ask(context, {i: n for i, n in names.items() if not i.startswith(PLACEHOLDER)})
    left_out |= await _ask_by_name(context, {i: n for i, n in names.items() if i.startswith(PLACEHOLDER)})
    for one in list(left_out)[:ASK_WHY_AT_MOST]:
        await _ask_why(context, one, left_out[one])
    rest = list(left_out)[ASK_WHY_AT_MOST:]
    if rest and context.settings.source == "arctic_shift":  # which does not know why, and what it lacks today
        await _ask_later(context, rest, again_in("empty"))
    elif rest:
        await context.db.execute("subreddits.release", ids=rest)


async def _ask(context: Context, names: dict[str, str]) -> dict[str, str]:
    """Those of {id: name} that the source leaves out when asked by id."""
    if not names:
        return {}
    outcome = await context.source.metadata(list(names))
    if not isinstance(outcome, Alive):
        raise SourceFailed(outcome)
    missing = {one: names[one] for one in outcome.value.missing}
    async with context.db.transaction() as session:
        await subreddits.merge(session, outcome.value.subreddits)
        if any(one.read_at is not None for one in outcome.value.subreddits):
            await subreddits.refreshed(session, [one for one in names if one not in missing])
    return missing


async def _ask_by_name(context: Context, names: dict[str, str]) -> dict[str, str]:
    """The same of stand-ins, which give way to the communities that they stand for."""
    if not names:
        return {}
    outcome = await context.source.metadata_by_name(list(names.values()))
    if not isinstance(outcome, Alive):
        raise SourceFailed(outcome)
    async with context.db.transaction() as session:
        await subreddits.adopt(session, list(names), outcome.value.subreddits)
    missing = set(outcome.value.missing)
    return {one: name for one, name in names.items() if name in missing}


async def _ask_why(context: Context, one: str, name: str) -> None:
    """Note what is learnt of a community that was left out; what tells nothing must not keep it first in line."""
    outcome = await context.source.about(name)
    raise_if_hopeless(outcome)
    async with context.db.transaction() as session:
        if isinstance(outcome, Alive):
            await _answered(session, one, outcome.value)
            return
        if isinstance(outcome, Refused) and outcome.is_of_the_community:
            await subreddits.set_state(session, [one], "refused", outcome.reason, again_in(outcome.reason))
            return
    is_settled = isinstance(outcome, Refused) or outcome.reason == "empty"
    await _ask_later(context, [one], again_in(outcome.reason) if is_settled else UNLEARNT_AGAIN_IN)


async def _ask_later(context: Context, ids: list[str], again_in: timedelta) -> None:
    async with context.db.transaction() as session:
        await subreddits.ask_later(session, ids, again_in)


async def _answered(session: Session, one: str, found: Subreddit) -> None:
    """The name answers: as the same community, as the one a stand-in stood for, or as another by that name."""
    if one.startswith(PLACEHOLDER):
        await subreddits.adopt(session, [one], [found])
        return
    await subreddits.merge(session, [found])
    if found.id == one:
        await subreddits.refreshed(session, [one])
    else:
        await subreddits.set_state(session, [one], "refused", "replaced", again_in("replaced"))
