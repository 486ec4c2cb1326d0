"""Reddit's containers as pages of records: one Listing, one thing, the answer to a question about names."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collectors.errors import UnusableRecord
from collectors.fields import Data, flat, text
from collectors.outcome import Alive, Outcome, Refused, Unknown
from collectors.records import Post, Subreddit, post_from, subreddit_from

RULE = ("kind", "short_name", "description", "violation_reason")
PARSERS: dict[str, Callable[[Data], Subreddit | Post]] = {"t3": post_from, "t5": subreddit_from}


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing.

    It may be longer than the limit (stickied posts come on top) or shorter; only `after` says whether more
    follow.
    """

    items: tuple[Subreddit | Post, ...]
    after: str | None
    skipped: int
    """children of other kinds, and those that no record can be made of"""

    @property
    def posts(self) -> tuple[Post, ...]:
        return tuple(item for item in self.items if isinstance(item, Post))

    @property
    def subreddits(self) -> tuple[Subreddit, ...]:
        return tuple(item for item in self.items if isinstance(item, Subreddit))

    def is_before(self, since: datetime) -> bool:
        """Whether it holds posts and none is newer than `since`; stickied ones may be of any age."""
        ages = [post.created_at <= since for post in self.posts if not post.stickied]
        return bool(ages) and all(ages)


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to up to 100 names or ids: the subreddits there are, and what was asked for in vain."""

    subreddits: tuple[Subreddit, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FoundPosts:
    """The answer to up to 100 fullnames: the posts there are, and what was asked for in vain."""

    posts: tuple[Post, ...]
    missing: tuple[str, ...]


def page_from(value: Any) -> Outcome[Page]:
    """A page from the JSON of a Listing; unknown when it is something else."""
    data = value.get("data") if isinstance(value, dict) else None
    children = data.get("children") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(children, list) or value.get("kind") != "Listing":
        return Unknown("bad_body", "not a Listing")
    records = [record for child in children if (record := _record(child)) is not None]
    after = data.get("after")
    return Alive(
        Page(tuple(records), after if isinstance(after, str) else None, len(children) - len(records))
    )


def posts_expected(page: Page, may_be_empty: bool) -> Outcome[Page]:
    """The page when it can be one of posts.

    Followed redirects of a missing subreddit end in a listing of subreddits, or in an empty one
    (`NOTES.md` section 4), which looks like a community without posts.
    """
    if page.subreddits and not page.posts:
        return Refused("missing", "subreddits came where posts were asked for")
    if not page.items and not page.skipped and not may_be_empty:
        return Unknown("empty", "no posts: either it has none yet or there is no such subreddit")
    return Alive(page)


def subreddit_of(value: Any) -> Outcome[Subreddit]:
    """The subreddit from the JSON of `/about`; a Listing there means that there is none."""
    kind = value.get("kind") if isinstance(value, dict) else None
    if kind == "Listing":
        return Refused("missing", "a listing came where one subreddit was asked for")
    if kind != "t5" or not isinstance(value.get("data"), dict):
        return Unknown("bad_body", "not a subreddit")
    try:
        return Alive(subreddit_from(value["data"]))
    except UnusableRecord as exc:
        return Unknown("bad_body", str(exc))


def unattributed(outcome: Outcome[Page]) -> Outcome[Page]:
    """The answer to a question about several communities at once: a refusal does not say whose it is."""
    if isinstance(outcome, Refused) and outcome.is_of_the_community:
        return Unknown("unattributed", f"one or all of several: {outcome}", None, outcome.excerpt)
    return outcome


def rules_of(value: Any) -> Outcome[tuple[Data, ...]]:
    """The rules in the JSON of `/about/rules`, in its order."""
    rules = value.get("rules") if isinstance(value, dict) else None
    if not isinstance(rules, list):
        return Unknown("bad_body", "not a list of rules")
    return Alive(tuple({key: text(rule, key) for key in RULE} for rule in rules if isinstance(rule, dict)))


def requirements_of(value: Any) -> Outcome[Data]:
    """The posting requirements in the JSON of `/api/v1/NAME/post_requirements`."""
    if not isinstance(value, dict) or not any(key.startswith(("title_", "body_")) for key in value):
        return Unknown("bad_body", "not posting requirements")
    return Alive(flat(value))


def found_in(value: Any, asked: Sequence[str]) -> Outcome[Found]:
    """Which of the names or fullnames asked for a Listing holds, compared without case.

    What came but is no use as a record is neither there nor missing.
    """
    page = page_from(value)
    if not isinstance(page, Alive):
        return page
    came = {text(data, key).lower() for data in _data_of(value) for key in ("name", "display_name")}
    return Alive(Found(page.value.subreddits, tuple(one for one in asked if one.lower() not in came)))


def found_posts_in(value: Any, asked: Sequence[str]) -> Outcome[FoundPosts]:
    """Which of the fullnames asked for a Listing holds."""
    page = page_from(value)
    if not isinstance(page, Alive):
        return page
    came = {text(data, "name") for data in _data_of(value)}
    return Alive(FoundPosts(page.value.posts, tuple(one for one in asked if one not in came)))


def _data_of(listing: Any) -> Iterator[Data]:
    for child in listing["data"]["children"]:
        if isinstance(child, dict) and isinstance(child.get("data"), dict):
            yield child["data"]


def _record(child: Any) -> Subreddit | Post | None:
    if not isinstance(child, dict) or not isinstance(child.get("data"), dict):
        return None
    kind = child.get("kind")
    parser = PARSERS.get(kind) if isinstance(kind, str) else None
    if parser is None:
        return None
    try:
        return parser(child["data"])
    except UnusableRecord:
        return None
