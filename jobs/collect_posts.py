"""Collect new posts of communities, as often as each posts."""

from datetime import UTC, datetime, timedelta

import structlog

from collectors.outcome import Alive, Refused, Unknown
from collectors.records import Post
from db import posts, subreddits
from db.database import Session
from jobs.context import Context
from jobs.job import Arguments, SourceFailed
from jobs.leases import LEASE, batches
from jobs.refresh_subreddits import REFUSED_AGAIN_IN

log = structlog.get_logger()

EVERY = timedelta(seconds=20)
BATCH = 10
MOST_PER_START = 200
AIM = 50  # posts that should be new next time: half a page, so that a burst loses none
SOONEST, LATEST = timedelta(minutes=5), timedelta(hours=12)
HOPELESS = frozenset({"blocked", "unauthorized", "throttled"})  # true of every community alike


async def plan(context: Context, session: Session) -> list[Arguments]:
    """Reserve as many communities whose posts are due as the budget affords now, in batches of names."""
    limit = min(await context.budget.affordable(EVERY.total_seconds()), MOST_PER_START)
    due = await session.rows("subreddits.lease_posts_due", lease=LEASE, limit=limit)
    return batches([row["name"] for row in due], BATCH)


async def run(context: Context, names: list[str]) -> int:
    """How many new posts were found in these communities.

    Raises:
        SourceFailed: the source turns us away altogether; what was not done stays due.
    """
    found = 0
    await context.db.execute(
        "subreddits.renew_posts_lease", lease=LEASE, names=[name.lower() for name in names]
    )
    for name in names:
        outcome = await anext(aiter(context.source.new_posts([name], datetime.now(UTC))))
        if isinstance(outcome, Alive):
            found += await _keep(context, name, outcome.value.posts)
        elif outcome.reason in HOPELESS:
            raise SourceFailed(outcome)
        else:
            await _note(context, name, outcome)
    return found


async def _keep(context: Context, name: str, found: tuple[Post, ...]) -> int:
    async with context.db.transaction() as session:
        # The community's row first, as in a refresh: two transactions must not wait for each other.
        await session.execute("subreddits.posts_collected", name=name, again_in=due_again_in(found))
        return await posts.merge(session, found)


async def _note(context: Context, name: str, outcome: Refused | Unknown) -> None:
    """A refusal is the community's state; an empty listing is a quiet one; of the rest nothing is known."""
    async with context.db.transaction() as session:
        if isinstance(outcome, Refused) and outcome.is_of_the_community:
            await subreddits.set_state(session, [name], "refused", outcome.reason, REFUSED_AGAIN_IN)
        elif outcome.reason == "empty":
            await session.execute("subreddits.posts_collected", name=name, again_in=LATEST)
        else:
            log.info("posts not collected", subreddit=name, why=str(outcome))
            await session.execute("subreddits.posts_retry", name=name, again_in=SOONEST)


def due_again_in(found: tuple[Post, ...], now: datetime | None = None) -> timedelta:
    """When about AIM posts will be new, from the pace of those just seen."""
    times = sorted((post.created_at for post in found if not post.stickied), reverse=True)
    if len(times) < 2:
        return LATEST
    span = (now or datetime.now(UTC)) - times[-1]
    return min(max(span * AIM / len(times), SOONEST), LATEST)
