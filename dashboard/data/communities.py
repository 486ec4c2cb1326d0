"""Communities and their posts."""

from datetime import timedelta

import orjson

from dashboard.data.bridge import Row, asked, asked_once
from dashboard.kept import kept
from db import categories as category_reads
from db import dashboard, details, subreddits

Sort = subreddits.Sort
PAGE = "subreddits"


def categories() -> list[str]:
    """The categories that communities have, the largest first."""
    found = asked_once(PAGE, "queries", "categories", category_reads.categories, ("categories",))
    return [row["category"] for row in found]


def communities(
    filters: subreddits.Filters, sort: subreddits.Sort, limit: int, cursor: str | None
) -> tuple[list[Row], str | None]:
    """(one page of communities, the cursor of the next page or None)."""
    question = (filters, sort, limit, cursor)
    found = orjson.loads(
        asked_once(PAGE, "subreddits", question, lambda db: subreddits.page_as_json(db, *question))
    )
    return found["items"], found["next"]


def matching(filters: subreddits.Filters) -> int:
    """How many communities the filters leave."""
    question = ("matching", filters)
    return asked_once(PAGE, "queries", question, lambda db: subreddits.matching(db, filters), ("subreddits",))


def filters(
    q: str | None, category: str | None, min_subscribers: int | None, over18: bool | None
) -> subreddits.Filters:
    """What a list is narrowed to; None leaves all in."""
    return subreddits.Filters(q or None, category, min_subscribers or None, over18)


def community(name: str) -> Row | None:
    """One community with its posts counted, or None when it was never seen."""
    key = name.lower()
    found = asked_once(
        PAGE,
        "subreddit",
        key,
        lambda db: subreddits.one(db, key),
        lambda answer: subreddits.tags_of_one(key, answer),
    )
    return orjson.loads(found) if found else None


@kept(seconds=30, entries=100)
def growth(name: str, days: int) -> list[Row]:
    """A community's subscribers over time, oldest first: at, subscribers."""
    return asked(PAGE, lambda db: dashboard.growth(db, name, timedelta(days=days)))


@kept(seconds=10, entries=100)
def recent_posts(name: str, limit: int = 50) -> list[Row]:
    """A community's newest posts, newest first."""
    return asked(PAGE, lambda db: dashboard.recent_posts(db, name, limit))


@kept(seconds=30, entries=100)
def requirements(name: str) -> Row | None:
    """What a community asks of a post: rules, requirements and read_at; None when that was never read."""
    return asked(PAGE, lambda db: details.one(db, name))
