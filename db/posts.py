"""Posts, merged in batches: new ones copied straight into their table, known ones read anew through a staging table.

A batch is all or nothing with the caller's transaction, and twice the same batch changes nothing.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from operator import attrgetter, itemgetter
from typing import Any

import psycopg

from db.database import Session
from db.written import announce, community_tags

Row = tuple[Any, ...]

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
    "read_at",
)
STORED = (*COLUMNS, "deleted_at")
TYPES = dict(
    zip(
        STORED,
        (
            *("text",) * 9,
            *("timestamptz", "int4", "float4", "int4", "bool", "bool", "bool", "text", "timestamptz", "int8"),
            *("timestamptz", "timestamptz"),
        ),
        strict=True,
    )
)
NEVER_CHANGING = {"subreddit_id", "created_at", "is_self", "subreddit_subscribers"}
READ_AGAIN = tuple(name for name in STORED if name not in NEVER_CHANGING)
ID, SUBREDDIT_ID, TEXT, REMOVED_BY, SUBSCRIBERS, READ_AT = (
    COLUMNS.index(name)
    for name in ("id", "subreddit_id", "text", "removed_by_category", "subreddit_subscribers", "read_at")
)
_fields = attrgetter(*COLUMNS)
_read_again_fields = itemgetter(*(STORED.index(name) for name in READ_AGAIN))


async def merge(session: Session, records: Iterable[Any]) -> int:
    """Write a batch of collectors.records.Post of known communities; how many were new."""
    return await merge_rows(session, map(_fields, records))


async def merge_rows(session: Session, rows: Iterable[Row]) -> int:
    """Write a batch of rows, values in the order of COLUMNS; how many were new.

    Posts of communities that are not in the table are left out. Of two readings of one post in a batch the last
    holds. A reading without `read_at` is of now. Each post also carries its community's subscribers, a point of
    the growth curve: one per hour of our own readings, one per day of an archive's.
    """
    now = datetime.now(UTC)
    batch = {row[ID]: row for row in rows}
    # In one order, so that no two batches wait for each other.
    waiting = [as_stored(batch[id], now) for id in sorted(batch)]
    communities = list({row[SUBREDDIT_ID] for row in waiting})
    new = None
    async with by_index(session):
        while new is None:
            found = await session.row("posts.known", posts=list(batch), communities=communities)
            assert found is not None
            there, known = set(found["posts"]), set(found["communities"])
            stored = [row for row in waiting if row[SUBREDDIT_ID] in known]
            new = await _insert(session, [row for row in stored if row[ID] not in there])
        await _read_again(session, [row for row in stored if row[ID] in there])
        await _grow(session, stored, now)
    if new:
        await session.execute("posts.count", new=new)
        await announce(session, "posts", *community_tags(communities))
    return new


@asynccontextmanager
async def by_index(session: Session) -> AsyncIterator[None]:
    """Let nothing but indexes be used while the body lasts.

    A plan that was made while a table was small, or without statistics of a temporary one, would read all posts for
    each batch, and it is kept for as long as the connection lasts.
    """
    await session.execute("posts.other_plans", others="off")
    yield
    await session.execute("posts.other_plans", others="on")


def as_stored(row: Row, now: datetime) -> Row:
    """The row with its time of reading, and of a deleted post only what is nobody's: when, where and the figures."""
    if row[READ_AT] is None:
        row = (*row[:READ_AT], now)
    if row[REMOVED_BY] != "deleted" and row[TEXT] != "[deleted]":
        return (*row, None)
    return (*row[:2], None, "", "", "", "", "", *row[8:], row[READ_AT])


async def _insert(session: Session, rows: Sequence[Row]) -> int | None:
    """Copy posts into the table; None, and nothing done, when another process just wrote one of them.

    COPY writes many rows a page at a time, which INSERT does not: docs/decisions/0010-writing-posts.md.
    """
    if not rows:
        return 0
    try:
        async with session.connection.transaction():
            await session.copy("posts", STORED, rows, list(TYPES.values()))
    except psycopg.errors.UniqueViolation:
        return None
    return len(rows)


async def _read_again(session: Session, rows: Sequence[Row]) -> None:
    """Merge readings of known posts."""
    if not rows:
        return
    await session.execute("posts.stage")
    types = [TYPES[name] for name in READ_AGAIN]
    await session.copy("staged_posts", READ_AGAIN, map(_read_again_fields, rows), types)
    await session.execute("posts.merge")


async def _grow(session: Session, rows: Iterable[Row], now: datetime) -> None:
    hour = now.replace(minute=0, second=0, microsecond=0)
    most: dict[tuple[str, datetime], int] = {}
    for row in rows:
        if row[SUBSCRIBERS] is not None:
            read_at = row[READ_AT]
            at = hour if read_at is now else read_at.replace(hour=0, minute=0, second=0, microsecond=0)
            place = (row[SUBREDDIT_ID], at)
            most[place] = max(most.get(place, 0), row[SUBSCRIBERS])
    if most:
        places = sorted(most)  # in one order, as with posts
        ids, times = zip(*places, strict=True)
        await session.execute(
            "posts.grow", ids=list(ids), times=list(times), subscribers=[most[place] for place in places]
        )
