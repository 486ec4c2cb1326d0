"""Instagram accounts, their growth and their posts, and following them."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from dashboard.data.bridge import ActionFailed, Row, Unavailable, asked, settings
from dashboard.kept import forget, kept
from db import instagram, sources
from db.database import Database
from db.sources import Credentials

T = TypeVar("T")
PAGE = "instagram"
PROFESSIONAL = "a name of letters, digits, dots and underscores, or the address of a profile"


def instagram_is_on() -> bool:
    """Whether Instagram is asked at all."""
    return settings().has_instagram


@kept(seconds=10, entries=1)
def instagram_credentials() -> Credentials:
    """What Instagram last said of our token and quota."""
    return asked(PAGE, sources.credentials).get("instagram", Credentials())


@kept(seconds=10, entries=1)
def instagram_accounts() -> list[Row]:
    """Every account followed, most followers first, with growth in 7 days, pace and engagement in percent."""
    return list(asked(PAGE, instagram.accounts))


@kept(seconds=10, entries=100)
def instagram_account(username: str) -> Row | None:
    """One account, or None when it is not followed."""
    return asked(PAGE, lambda db: instagram.account(db, username.lower()))


@kept(seconds=30, entries=100)
def follower_growth(username: str, days: int) -> list[Row]:
    """An account's followers over time, oldest first: at, followers."""
    return list(asked(PAGE, lambda db: instagram.growth(db, username, timedelta(days=days))))


@kept(seconds=10, entries=100)
def instagram_posts(username: str, limit: int = 100) -> list[Row]:
    """An account's newest posts, newest first, with engagement in percent of today's followers."""
    return list(asked(PAGE, lambda db: instagram.posts(db, username, limit)))


@kept(seconds=60, entries=100)
def engagement_by_type(username: str, days: int) -> list[Row]:
    """type, posts, counted, and their median engagement in percent."""
    return list(asked(PAGE, lambda db: instagram.engagement_by_type(db, username, timedelta(days=days))))


@kept(seconds=60, entries=100)
def engagement_by_time(username: str, days: int, zone: str) -> list[Row]:
    """weekday (1 is Monday), part (0 to 5, four hours each), counted, and their median engagement in percent."""
    since = timedelta(days=days)
    return list(asked(PAGE, lambda db: instagram.engagement_by_time(db, username, since, zone)))


def follow_accounts(written: str) -> list[str]:
    """Follow the accounts in a text with spaces or commas between them; the names that are new.

    Raises:
        ActionFailed: with the reason; then none of them is followed.
    """
    words = [word for word in re.split(r"[\s,]+", written) if word]
    names = {word: instagram.username_of(word) for word in words}
    wrong = [word for word, name in names.items() if name is None]
    if not words:
        raise ActionFailed(f"write {PROFESSIONAL}")
    if wrong:
        raise ActionFailed(f"{wrong[0]!r:.60} is no account; write {PROFESSIONAL}")

    async def follow(db: Database) -> list[str]:
        async with db.transaction() as session:
            return await instagram.follow(session, [name for name in names.values() if name])

    return _done(follow)


def unfollow_account(username: str) -> bool:
    """Forget an account and all that was kept of it; False when it was not followed.

    Raises:
        ActionFailed: with the reason.
    """

    async def unfollow(db: Database) -> bool:
        async with db.transaction() as session:
            return await instagram.unfollow(session, username)

    return _done(unfollow)


def _done(deed: Callable[[Database], Awaitable[T]]) -> T:
    try:
        return asked(PAGE, deed)
    except Unavailable as exc:
        raise ActionFailed(f"the database does not answer: {exc.reason}") from exc
    finally:
        forget()
