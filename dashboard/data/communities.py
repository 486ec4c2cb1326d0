"""Communities and their posts."""

from datetime import timedelta

import orjson

from dashboard.data.bridge import Row, asked, asked_once
from dashboard.kept import kept
from db import categories as category_reads
from db import dashboard, details, subreddits

Sort = subreddits.Sort


def categories() -> list[str]:
    """The categories that communities have, the largest first."""
    found = asked_once("subreddits", "categories", category_reads.categories, "categories")
    return [row["category"] for row in found]


@kept(seconds=10, entries=100)
def communities(
    filters: subreddits.Filters, sort: subreddits.Sort, limit: int, cursor: str | None
) -> tuple[list[Row], str | None]:
    """(one page of communities, the cursor of the next page or None)."""
    page = asked("subreddits", lambda db: subreddits.page(db, filters, sort, limit, cursor))
    return orjson.loads(page.items), page.cursor


def matching(filters: subreddits.Filters) -> int:
    """How many communities the filters leave."""
    question = ("matching", filters)
    return asked_once("subreddits", question, lambda db: subreddits.matching(db, filters), "subreddits")


def filters(
    q: str | None, category: str | None, min_subscribers: int | None, over18: bool | None
) -> subreddits.Filters:
    """What a list is narrowed to; None leaves all in."""
    return subreddits.Filters(q or None, category, min_subscribers or None, over18)


@kept(seconds=10, entries=100)
def community(name: str) -> Row | None:
    """One community with its posts counted, or None when it was never seen."""
    found = asked("subreddits", lambda db: subreddits.one(db, name))
    return orjson.loads(found) if found else None


@kept(seconds=30, entries=100)
def growth(name: str, days: int) -> list[Row]:
    """A community's subscribers over time, oldest first: at, subscribers."""
    return asked("subreddits", lambda db: dashboard.growth(db, name, timedelta(days=days)))


@kept(seconds=10, entries=100)
def recent_posts(name: str, limit: int = 50) -> list[Row]:
    """A community's newest posts, newest first."""
    return asked("subreddits", lambda db: dashboard.recent_posts(db, name, limit))


@kept(seconds=30, entries=100)
def requirements(name: str) -> Row | None:
    """What a community asks of a post: rules, requirements and read_at; None when that was never read."""
    return asked("subreddits", lambda db: details.one(db, name))
