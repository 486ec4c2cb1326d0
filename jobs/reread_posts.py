"""Read posts again at fixed ages, so that their scores can be compared and deletions are noticed."""

from collections.abc import Sequence
from datetime import timedelta

from collectors.listing import FoundPosts
from collectors.outcome import Alive
from collectors.records import Post
from db import posts, readings
from db.database import Session
from jobs.context import Context
from jobs.job import Arguments, SourceFailed
from jobs.leases import batches
from jobs.shares import calls

EVERY = timedelta(seconds=60)
LEASE = timedelta(minutes=3)  # a lost batch must be done again while its readings are still in time
MOST_PER_START = 20_000


async def plan(context: Context, session: Session) -> list[Arguments]:
    """Reserve posts that have reached an age to read them at, as many as the budget affords, in batches of ids."""
    size = context.source.most_per_call
    limit = await calls(context.budget, "reread_posts", EVERY) * size
    await readings.forget_late(session)
    return batches(await readings.lease_due(session, LEASE, min(limit, MOST_PER_START)), size)


async def run(context: Context, ids: list[str]) -> int:
    """How many readings were stored.

    Raises:
        SourceFailed: the source did not answer; the posts are due again when the lease ends, while there is time.
    """
    await context.db.execute("readings.renew_lease", lease=LEASE, ids=ids)
    return await read_again(context, ids)


async def read_again(context: Context, ids: Sequence[str]) -> int:
    """Ask for posts, bring them up to date, and bury those that are gone; how many readings at an age it gave.

    Raises:
        SourceFailed: the source did not answer.
    """
    outcome = await context.source.posts(ids)
    if not isinstance(outcome, Alive):
        raise SourceFailed(outcome)
    async with context.db.transaction() as session:
        await readings.hold_communities(session, ids)
        await posts.merge(session, outcome.value.posts)
        kept = await readings.keep(session, ids, outcome.value.posts)
        await readings.bury(session, _gone(context, outcome.value))
    return kept


def _gone(context: Context, found: FoundPosts) -> list[str]:
    """Which posts no longer are at their source, or no longer have an author there.

    A post that Reddit leaves out while others of the same answer are there is gone too. The sandbox never knew the
    posts of an imported dump, and an archive may not have come to one yet.
    """
    deleted = [post.id for post in found.posts if is_deleted(post)]
    left_out = found.missing if found.posts and context.settings.source == "reddit" else ()
    return [*deleted, *left_out]


def is_deleted(post: Post) -> bool:
    """Whether nothing of it may be kept: its author deleted it, or is gone."""
    return post.is_deleted or post.author is None
