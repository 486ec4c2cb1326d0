"""Collect new posts: of several communities in one call, as often as they post, losing none between two turns."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog

from collectors.listing import Page
from collectors.outcome import Alive, Refused, Unknown
from db import posts, subreddits
from db.database import Session
from jobs import posts_pace
from jobs.context import Context
from jobs.job import Arguments
from jobs.leases import LEASE, given_back
from jobs.posts_pace import QUIET_AGAIN_IN, SOONEST, Due, groups
from jobs.refusals import again_in, raise_if_hopeless
from jobs.shares import calls

log = structlog.get_logger()

EVERY = timedelta(seconds=20)
MOST_PER_START = 2000
MOST_PAGES = 10
DEPTH = 900  # posts; a listing that ends behind as many was cut, because it ends near a thousand
A_MOMENT = timedelta(minutes=1)


@dataclass(slots=True)
class Harvest:
    """What one question brought; the posts themselves are stored and gone."""

    since: datetime
    new: int = 0
    pages: int = 0
    oldest: datetime | None = None
    seen: Counter[str] = field(default_factory=Counter)
    failure: Refused | Unknown | None = None
    reached: bool = False
    """whether everything after `since` was seen"""

    def span(self, now: datetime) -> float:
        """Hours up to now of which every post was seen."""
        seen_from = min(filter(None, (self.oldest, self.since if self.reached else None)), default=now)
        return max(now - seen_from, A_MOMENT) / timedelta(hours=1)


async def plan(context: Context, session: Session) -> list[Arguments]:
    """Reserve communities whose posts are due, in as many groups as the budget affords calls now."""
    affordable = await calls(context.budget, "collect_posts", EVERY)
    most_names = context.source.most_names_per_call
    limit = min(affordable * most_names, MOST_PER_START)
    rows = await session.rows("subreddits.lease_posts_due", lease=LEASE, limit=limit)
    every = groups([Due.of(row) for row in rows], most_names, datetime.now(UTC))
    too_many = [one.id for group in every[affordable:] for one in group]
    if too_many:
        await session.execute("subreddits.release_posts", ids=too_many)
    return [{"ids": [one.id for one in group]} for group in every[:affordable]]


async def run(context: Context, ids: list[str]) -> int:
    """How many new posts were found in these communities.

    Raises:
        SourceFailed: the source turns us away altogether; what was not done stays due.
    """
    rows = await context.db.rows("subreddits.renew_posts_lease", lease=LEASE, ids=ids)
    async with given_back(context, "subreddits.release_posts", ids):
        return await _collect(context, [Due.of(row) for row in rows])


async def _collect(context: Context, group: Sequence[Due]) -> int:
    """How many posts were new. What a group leaves unclear is asked of its halves, down to one community."""
    if not group:
        return 0
    began = datetime.now(UTC)
    harvest = await _harvest(context, group, min(one.since(began) for one in group))
    if harvest.failure is not None:
        raise_if_hopeless(harvest.failure)
    unclear = _is_of_one(harvest.failure) or (harvest.failure is None and not harvest.reached)
    if unclear and len(group) > 1:
        half = len(group) // 2
        return harvest.new + await _collect(context, group[:half]) + await _collect(context, group[half:])
    async with context.db.transaction() as session:
        if harvest.failure is None:
            await _collected(session, group, harvest, began)
        else:
            await _not_collected(session, group, harvest.failure, began)
    return harvest.new


async def _harvest(context: Context, group: Sequence[Due], since: datetime) -> Harvest:
    """Store page after page as it comes, back to `since`."""
    harvest = Harvest(since)
    async for outcome in context.source.new_posts([one.name for one in group], since):
        if not isinstance(outcome, Alive):
            harvest.failure = outcome
            return harvest
        harvest.new += await _keep(context, group, outcome.value)
        _note(harvest, outcome.value)
        harvest.reached = _goes_back_to(since, outcome.value)
        if harvest.reached or (harvest.pages == MOST_PAGES and outcome.value.after is not None):
            return harvest
    harvest.reached = harvest.seen.total() < DEPTH
    return harvest


async def _keep(context: Context, group: Sequence[Due], page: Page) -> int:
    async with context.db.transaction() as session:
        # A refresh writes the same communities' growth: both take them in one order and none waits in a circle.
        await session.execute("subreddits.hold", ids=[one.id for one in group])
        return await posts.merge(session, page.posts)


def _note(harvest: Harvest, page: Page) -> None:
    fresh = [post for post in page.posts if not post.stickied]
    harvest.pages += 1
    harvest.seen.update(post.subreddit_id for post in fresh)
    times = [post.created_at for post in fresh]
    if times:
        harvest.oldest = min(times) if harvest.oldest is None else min(harvest.oldest, *times)


def _goes_back_to(since: datetime, page: Page) -> bool:
    """Whether the page's last post is old enough; one out of order before it does not end the paging."""
    fresh = [post for post in page.posts if not post.stickied]
    return not fresh or fresh[-1].created_at <= since


def _is_of_one(failure: Refused | Unknown | None) -> bool:
    """Whether a group's failure may be one member's: a refusal, whose it is not said, or an empty page."""
    return isinstance(failure, Refused) or (
        failure is not None and failure.reason in {"empty", "unattributed"}
    )


async def _collected(session: Session, group: Sequence[Due], harvest: Harvest, began: datetime) -> None:
    if not harvest.reached:
        log.warning("posts beyond the listing's depth are lost", subreddit=group[0].name)
    span = harvest.span(began)
    paces = [posts_pace.pace(one.per_hour, harvest.seen[one.id], span) for one in group]
    waits = [posts_pace.again_in(pace) for pace in paces]
    await subreddits.posts_collected(session, [one.id for one in group], paces, waits, began)


async def _not_collected(
    session: Session, group: Sequence[Due], failure: Refused | Unknown, began: datetime
) -> None:
    """A refusal is the community's state; an empty listing is a quiet one; of the rest nothing is known."""
    ids = [one.id for one in group]
    if isinstance(failure, Refused) and failure.is_of_the_community:
        await subreddits.set_state(session, ids, "refused", failure.reason, again_in(failure.reason))
    elif failure.reason == "empty":
        await subreddits.posts_collected(session, ids, [0.0], [QUIET_AGAIN_IN], began)
    else:
        log.info("posts not collected", subreddits=len(ids), why=str(failure))
        await session.execute("subreddits.posts_retry", ids=ids, again_in=SOONEST)
