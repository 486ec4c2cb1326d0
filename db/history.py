"""Subscribers of old, as an archive tells them."""

from collections.abc import Sequence
from datetime import datetime

from db.database import Session


async def keep(session: Session, subreddit_id: str, points: Sequence[tuple[datetime, int]]) -> int:
    """Store (time, subscribers) at full hours that have no point yet, and note the community as done; how many."""
    await session.execute("history.was_read", id=subreddit_id)
    if not points:
        return 0
    times, subscribers = zip(*points, strict=True)
    return await session.execute(
        "history.keep", id=subreddit_id, times=list(times), subscribers=list(subscribers)
    )
