"""Follow Instagram accounts: their profile, what they posted since, and the newest again, because likes grow."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import structlog

from collectors.instagram import InstagramClient, Media, Profile
from collectors.instagram.client import reaches
from collectors.outcome import Alive, Refused, Unknown
from collectors.sandbox import sandbox_accounts
from db import instagram, rounds, sources
from db.database import Session
from jobs.context import Context
from jobs.job import Arguments
from jobs.leases import LEASE, batches, given_back
from jobs.refusals import again_in, raise_if_hopeless

log = structlog.get_logger()

EVERY = timedelta(minutes=1)
BATCH = 5
MOST_PER_START = 20
MOST_WHILE_SCARCE = 5
SCARCE_FROM_PERCENT = 80.0
REREAD = 90  # newest posts: with what is new, two pages of fifty
NEWEST_FOR_PACE = 10
SOONEST, LATEST = timedelta(minutes=15), timedelta(days=1)
SHARE_OF_PACE = 8  # read eight times between two posts, so that likes make a curve
ASK_ABOUT_TOKEN_EVERY = timedelta(days=1)
SEEDED = "sandbox accounts"


async def plan(context: Context, session: Session) -> list[Arguments]:
    """Reserve accounts that are due, in batches; none while Instagram is not to be asked."""
    client = context.instagram
    if client is None or client.rests_seconds or await _others_rest(context):
        return []
    if context.settings.source == "sandbox":
        await _follow_what_the_sandbox_has(context, session)
    scarce = (client.quota_percent or 0.0) >= SCARCE_FROM_PERCENT
    limit = MOST_WHILE_SCARCE if scarce else MOST_PER_START
    return batches(await instagram.lease_due(session, LEASE, limit), BATCH)


async def _others_rest(context: Context) -> bool:
    """Whether another process was told to wait; all of them have one token."""
    told = (await sources.credentials(context.db)).get("instagram")
    back_at = told.quota_back_at if told else None
    return back_at is not None and back_at > datetime.now(UTC)


async def _follow_what_the_sandbox_has(context: Context, session: Session) -> None:
    """Once, so that whoever unfollows one is heard."""
    if not await rounds.position(context.db, SEEDED):
        await instagram.follow(session, sandbox_accounts(context.settings.sandbox_seed))
        await rounds.move(context.db, SEEDED, "followed")


async def run(context: Context, ids: list[str]) -> int:
    """How many new posts these accounts had; `ids` are their names.

    Raises:
        SourceFailed: Instagram turns us away altogether; what was not done stays due.
    """
    client = context.instagram
    if client is None:
        return 0
    await _ask_about_token(client)
    new = 0
    async with given_back(context, "instagram.release", ids):
        for name in ids:
            await context.db.execute("instagram.renew_lease", lease=LEASE, username=name)
            outcome = await client.account(name)
            raise_if_hopeless(outcome)
            if isinstance(outcome, Alive):
                new += await _keep(context, client, outcome.value)
            else:
                await _note(context, name, outcome)
    return new


async def _ask_about_token(client: InstagramClient) -> None:
    """When it ends and what it lacks; many tokens may not ask, which is no reason to stop."""
    told_at = client.token_told_at
    if told_at is None or datetime.now(UTC) - told_at > ASK_ABOUT_TOKEN_EVERY:
        outcome = await client.token()
        if not isinstance(outcome, Alive):
            log.info("nothing was told of the token", why=str(outcome))


async def _keep(context: Context, client: InstagramClient, profile: Profile) -> int:
    """Read back to what is known, then write everything at once.

    Pages that break off before they reach it would leave a gap that nobody looks into later, so then only the
    account is kept, and asked for again soon.
    """
    name = profile.account.username
    back_to = await instagram.known_back_to(context.db, name, REREAD)
    media, failure = [*profile.media.items], None
    if profile.media.after is not None and not reaches(profile.media, back_to):
        async for page in client.media(name, back_to, profile.media.after):
            if isinstance(page, Alive):
                media += page.value.items
            else:
                failure = page
    due_in = due_again_in(media) if failure is None else SOONEST
    kept = media if failure is None or back_to is None else []
    async with context.db.transaction() as session:
        new = await instagram.merge(session, profile.account, kept, due_in)
    if failure is not None:
        log.info("media not read to the end", account=name, why=str(failure))
        raise_if_hopeless(failure)
    return new


async def _note(context: Context, name: str, outcome: Refused | Unknown) -> None:
    """No such account is its state; a right that we lack says nothing of it; of the rest nothing is known."""
    async with context.db.transaction() as session:
        if isinstance(outcome, Refused):
            state = "refused" if outcome.is_of_the_community else "unknown"
            await instagram.set_state(session, name, state, outcome.reason, again_in(outcome.reason))
        else:
            log.info("account not read", account=name, why=str(outcome))
            await session.execute("instagram.retry", username=name, again_in=SOONEST)


def due_again_in(media: Sequence[Media], now: datetime | None = None) -> timedelta:
    """An eighth of what usually lies between two of the newest posts, or of how long there was none."""
    times = sorted((one.timestamp for one in media if one.timestamp), reverse=True)[:NEWEST_FOR_PACE]
    if not times:
        return LATEST
    gaps = sorted(later - earlier for later, earlier in pairwise(times)) or [LATEST * SHARE_OF_PACE]
    silence = (now or datetime.now(UTC)) - times[0]
    return min(max(max(gaps[len(gaps) // 2], silence) / SHARE_OF_PACE, SOONEST), LATEST)
