"""Posts read again at fixed ages, so that their scores can be compared, and what becomes of those deleted since."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from operator import attrgetter
from typing import Any

from db.database import Session
from db.written import announce

AGES = (1, 6, 24, 36)
"""Hours. After 36 a score no longer moves, and archives read again then too (FACTS.md, 2)."""

# Scores grow fastest at first: an hour's reading may come 12 minutes late, no other one more than an hour.
LATE_AN_HOUR = timedelta(minutes=12)
LATEST = timedelta(hours=1)
_figures = attrgetter("id", "read_at", "score", "upvote_ratio", "num_comments", "removed_by_category")


async def lease_due(session: Session, lease: timedelta, limit: int) -> list[str]:
    """Fullnames of posts to read now, each once, reserved for whoever asked; the youngest first."""
    rows = await session.rows(
        "readings.lease_due",
        ages=list(AGES),
        late_an_hour=LATE_AN_HOUR,
        latest=LATEST,
        lease=lease,
        limit=limit,
    )
    return list(dict.fromkeys(row["post_id"] for row in rows))


async def keep(session: Session, asked: Sequence[str], answered: Iterable[Any]) -> int:
    """Store the figures of collectors.records.Post under the age they were read at; how many readings that makes.

    Of the posts asked for, whatever has no figures at its age now is not asked for again at that age.
    """
    columns = list(zip(*map(_figures, answered), strict=True)) or [()] * 6
    names = ("ids", "read_at", "scores", "ratios", "comments", "removed_by")
    kept = await session.execute(
        "readings.keep",
        **{name: list(values) for name, values in zip(names, columns, strict=True)},
        late_an_hour=LATE_AN_HOUR,
        latest=LATEST,
    )
    await session.execute("readings.pass_over", ids=list(asked), latest=LATEST)
    return kept


async def forget_late(session: Session) -> int:
    """Drop the readings that never came about; how many."""
    return await session.execute("readings.forget_late", latest=LATEST)


async def bury(session: Session, ids: Sequence[str]) -> int:
    """Forget what authors wrote and who they were, of posts deleted at their source; how many were there.

    When, where and the figures stay: docs/decisions/0009-deleted-there-deleted-here.md.
    """
    buried = await session.execute("readings.bury", ids=list(ids))
    if buried:
        await announce(session, "posts")
    return buried


async def hold_communities(session: Session, ids: Sequence[str]) -> None:
    """Keep others from writing the growth of these posts' communities until the transaction ends."""
    rows = await session.rows("readings.communities", ids=list(ids))
    await session.execute("subreddits.hold", ids=[row["id"] for row in rows])
