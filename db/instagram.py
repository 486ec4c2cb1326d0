"""Instagram accounts that are followed, their growth and their posts."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any
from urllib.parse import urlsplit

from psycopg.rows import DictRow

from db.database import Database, Session
from db.written import announce

TAG = "instagram"
USERNAME = re.compile(r"[a-z0-9._]{1,30}")
HOST = "www.instagram.com"
PATHS_OF_NO_ACCOUNT = frozenset({"p", "reel", "reels", "tv", "explore", "stories", "accounts", "direct"})
ENGAGEMENT_POSTS = 25
COLUMNS = (
    "id",
    "caption",
    "media_type",
    "product_type",
    "permalink",
    "timestamp",
    "likes",
    "comments",
    "children",
)
_fields = attrgetter(*COLUMNS)
ACCOUNT_FIELDS = ("username", "id", "name", "biography", "website", "followers", "follows", "media_count")


def username_of(written: str) -> str | None:
    """The name in `Name`, `@name` or `https://www.instagram.com/name/?…`, lower case; None when there is none."""
    name = written.strip().lower()
    if "/" in name:
        try:
            parts = urlsplit(name if "://" in name else f"https://{name}")
            host = parts.hostname or ""
        except ValueError:
            return None
        name = parts.path.strip("/").partition("/")[0]
        if host not in (HOST, HOST.removeprefix("www.")) or name in PATHS_OF_NO_ACCOUNT:
            return None
    name = name.removeprefix("@")
    return name if USERNAME.fullmatch(name) else None


async def follow(session: Session, usernames: Iterable[str]) -> list[str]:
    """Follow accounts by their plain lower-case names; those that were not followed yet."""
    rows = await session.rows("instagram.follow", usernames=list(usernames))
    if rows:
        await announce(session, TAG)
    return [row["username"] for row in rows]


async def unfollow(session: Session, username: str) -> bool:
    """Forget an account, its growth and its posts; False when it was not followed."""
    found = bool(await session.value("instagram.unfollow", username=username))
    if found:
        await announce(session, TAG)
    return found


async def lease_due(session: Session, lease: timedelta, limit: int) -> list[str]:
    """Accounts that are due, reserved for the caller until the lease ends."""
    return [row["username"] for row in await session.rows("instagram.lease_due", lease=lease, limit=limit)]


async def known_back_to(db: Database, username: str, newest: int) -> datetime | None:
    """When the `newest`-th newest post kept was published, or the oldest of fewer; None while there is none."""
    found: datetime | None = await db.value("instagram.known_back_to", username=username, newest=newest)
    return found


async def merge(session: Session, account: Any, media: Iterable[Any], again_in: timedelta) -> int:
    """Write one answer: a collectors.instagram Account and its Media; how many posts were new.

    Twice the same answer changes nothing but when it was read. Of an account that is no longer followed nothing is
    kept.
    """
    fields = {name: getattr(account, name) for name in ACCOUNT_FIELDS}
    if not await session.value("instagram.refreshed", again_in=again_in, **fields):
        return 0
    await session.execute("instagram.stage")
    await session.copy("staged_instagram_posts", COLUMNS, map(_fields, media))
    new = int(await session.value("instagram.merge", username=account.username))
    await announce(session, TAG)
    return new


async def set_state(session: Session, username: str, state: str, reason: str, again_in: timedelta) -> None:
    """Note that Instagram refused an account, or could not tell about it."""
    await session.execute(
        "instagram.set_state", username=username, state=state, reason=reason, again_in=again_in
    )
    await announce(session, TAG)


async def accounts(db: Database, growth_over: timedelta = timedelta(days=7)) -> Sequence[DictRow]:
    """Every account followed, most followers first.

    `growth` is None until a point that old is kept; `engagement` is the mean of `counted` posts, in percent.
    """
    return await db.rows("instagram.accounts", over=growth_over, newest=ENGAGEMENT_POSTS)


async def account(db: Database, username: str) -> DictRow | None:
    """One account with the number of its `posts` kept, or None when it is not followed."""
    return await db.row("instagram.account", username=username)


async def growth(db: Database, username: str, since: timedelta) -> Sequence[DictRow]:
    """An account's followers over time, oldest first: at, followers."""
    return await db.rows("instagram.growth", username=username, since=since)


async def posts(db: Database, username: str, limit: int) -> Sequence[DictRow]:
    """An account's newest posts, newest first; `engagement` in percent of today's followers."""
    return await db.rows("instagram.posts", username=username, limit=limit)


async def engagement_by_type(db: Database, username: str, since: timedelta) -> Sequence[DictRow]:
    """type, posts, counted, and their median engagement in percent."""
    return await db.rows("instagram.engagement_by_type", username=username, since=since)


async def engagement_by_time(db: Database, username: str, since: timedelta, zone: str) -> Sequence[DictRow]:
    """weekday (1 is Monday), part of the day (0 to 5, four hours each), counted, median engagement in percent."""
    return await db.rows("instagram.engagement_by_time", username=username, since=since, zone=zone)
