"""What the collectors bring home: plain frozen records of subreddits and posts."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from collectors.errors import UnusableRecord
from collectors.fields import (
    Data,
    count,
    flag,
    fullname,
    moment,
    optional_text,
    required_int,
    required_text,
    share,
    text,
)


@dataclass(frozen=True, slots=True)
class Subreddit:
    """One community as of one answer. None means that Reddit would not say: not zero, not "safe"."""

    id: str
    """fullname, `t5_…`"""
    name: str
    """display name, case kept; names compare without case"""
    title: str
    description: str
    """the public description, not the sidebar"""
    type: str
    """public, restricted, private, archived, gold_only, user or employees_only"""
    over18: bool | None
    subscribers: int | None
    quarantine: bool | None
    lang: str | None
    created_at: datetime | None
    """UTC"""
    read_at: datetime | None = None
    """UTC; when an archive read it, None for an answer that is of now"""

    @property
    def is_profile(self) -> bool:
        """Whether it is a person's profile (`u_name`) rather than a community."""
        return self.type == "user" or self.name.lower().startswith("u_")


@dataclass(frozen=True, slots=True)
class Post:
    """One post as of one answer; `score` and `num_comments` grow until about 36 hours after it."""

    id: str
    """fullname, `t3_…`"""
    subreddit: str
    subreddit_id: str
    author: str | None
    """None once the account is gone"""
    title: str
    text: str
    """`""` for links; `[removed]` or `[deleted]` once gone"""
    url: str
    domain: str
    permalink: str
    """path without host, `/r/name/comments/…`"""
    flair: str | None
    created_at: datetime
    """UTC"""
    score: int
    upvote_ratio: float | None
    num_comments: int
    over18: bool | None
    is_self: bool
    stickied: bool
    removed_by_category: str | None
    edited_at: datetime | None
    """UTC"""
    subreddit_subscribers: int | None
    read_at: datetime | None = None
    """UTC; when an archive read it, None for an answer that is of now"""

    @property
    def is_deleted(self) -> bool:
        """Whether its author deleted it, so that nothing of it may be kept."""
        return self.removed_by_category == "deleted" or self.text == "[deleted]"


@dataclass(frozen=True, slots=True)
class Details:
    """What a community asks of a post."""

    rules: tuple[Data, ...]
    """in order of priority: kind, short_name, description, violation_reason"""
    requirements: Data | None
    """the keys of `/api/v1/NAME/post_requirements` as they come; None where the source has none to tell"""


def subreddit_from(data: Data) -> Subreddit:
    """A subreddit from the `data` of a t5 thing.

    Raises:
        UnusableRecord: it has no id or no name.
    """
    return Subreddit(
        id=fullname(data, "t5"),
        name=required_text(data, "display_name"),
        title=text(data, "title"),
        description=text(data, "public_description"),
        type=text(data, "subreddit_type") or "public",  # absent only before 2013
        over18=flag(data, "over18"),
        subscribers=count(data, "subscribers"),
        quarantine=flag(data, "quarantine"),
        lang=optional_text(data, "lang"),
        created_at=moment(data, "created_utc"),
    )


def post_from(data: Data) -> Post:
    """A post from the `data` of a t3 thing or a line of a dump.

    Raises:
        UnusableRecord: it lacks an id, subreddit, title, time, score or number of comments.
    """
    created_at = moment(data, "created_utc")  # `created` is off by the server's time zone before 2021
    if created_at is None:
        raise UnusableRecord("created_utc", data.get("created_utc"))
    return Post(
        id=fullname(data, "t3"),
        subreddit=required_text(data, "subreddit"),
        subreddit_id=required_text(data, "subreddit_id"),
        author=_author(data),
        title=required_text(data, "title"),
        text=text(data, "selftext"),
        url=text(data, "url"),
        domain=text(data, "domain"),
        permalink=_path(text(data, "permalink")),
        flair=optional_text(data, "link_flair_text"),
        created_at=created_at,
        score=required_int(data, "score"),
        upvote_ratio=share(data, "upvote_ratio"),
        num_comments=required_int(data, "num_comments"),
        over18=flag(data, "over_18"),  # spelt over18 on subreddits
        is_self=bool(data.get("is_self")),
        stickied=bool(data.get("stickied")),
        removed_by_category=optional_text(data, "removed_by_category"),
        edited_at=moment(data, "edited"),
        subreddit_subscribers=count(data, "subreddit_subscribers"),
    )


def _author(data: Data) -> str | None:
    author = optional_text(data, "author")
    return None if author == "[deleted]" else author


def _path(permalink: str) -> str:
    """The path of a permalink; dumps sometimes hold the full URL."""
    if permalink.startswith("/") or not permalink:
        return permalink
    try:
        return urlsplit(permalink).path
    except ValueError:
        return ""
