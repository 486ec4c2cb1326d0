"""Posts, merged in batches."""

from collections.abc import Iterable
from operator import attrgetter
from typing import Any

from db.database import Session
from db.written import announce

COLUMNS = (
    "id",
    "subreddit_id",
    "author",
    "title",
    "text",
    "url",
    "domain",
    "permalink",
    "flair",
    "created_at",
    "score",
    "upvote_ratio",
    "num_comments",
    "over18",
    "is_self",
    "stickied",
    "removed_by_category",
    "edited_at",
    "subreddit_subscribers",
)
_fields = attrgetter(*COLUMNS)


async def merge(session: Session, records: Iterable[Any]) -> int:
    """Write a batch of collectors.records.Post of known communities; how many were new.

    Each post also carries its community's subscribers at the time of the answer, a point of the growth curve.
    Twice the same batch changes nothing.
    """
    await session.execute("posts.stage")
    await session.copy("staged_posts", COLUMNS, map(_fields, records))
    new = int(await session.value("posts.merge"))
    if new:
        await announce(session, "posts")
    return new
