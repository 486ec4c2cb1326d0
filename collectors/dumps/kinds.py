"""The tolerant way of a line: what kind of thing it is, and the record it holds or the reason why it holds none."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from collectors.archive import read_at, removed_later
from collectors.dumps.split import Content, Unreadable
from collectors.dumps.submissions import FIELDS, LONGEST_ID, LONGEST_NAME, Row
from collectors.errors import UnusableRecord
from collectors.fields import Data, count, optional_text, required_text
from collectors.judge import parsed
from collectors.records import Subreddit, post_from, subreddit_from


@dataclass(frozen=True, slots=True)
class Community:
    """What a post tells of its community."""

    id: str
    """`t5_…`, or `r/name` in lower case where the dump does not tell the id"""
    name: str
    type: str
    subscribers: int | None

    @property
    def is_profile(self) -> bool:
        """Whether it is a person's profile rather than a community."""
        return is_profile(self.name, self.type)

    @property
    def is_placeholder(self) -> bool:
        """Whether its id is not known yet."""
        return self.id.startswith("r/")


@dataclass(frozen=True, slots=True)
class Submission:
    """A row in the order of FIELDS, and whose it is."""

    row: Row
    community: Community


@dataclass(frozen=True, slots=True)
class Metadata:
    """A community as an archive read it."""

    record: Subreddit


@dataclass(frozen=True, slots=True)
class Reject:
    """What cannot be kept, and the named reason."""

    reason: str


Thing = Submission | Metadata | Community | Reject

COMMENT = "a comment, not a submission"
CUSTOM = "a submission in another tool's words (author_name, body), which names no community"
LONGEST_DESCRIPTION = 100_000
"""Characters; Reddit allows 500. PostgreSQL indexes the words of at most 1 MB."""
_row = attrgetter(*FIELDS)
_READ_AT = FIELDS.index("read_at")
_REMOVED_BY = FIELDS.index("removed_by_category")


def is_profile(name: str, kind: str | None) -> bool:
    """Whether posts there are a person's own (`u_name`); 78 % of Arctic Shift's list of communities are."""
    return kind == "user" or name[:2] in ("u_", "U_")


def thing_of(content: Content, csv_subreddit: str = "") -> Thing:
    """What a piece of a dump holds.

    Args:
        csv_subreddit: whose the submissions of a CSV are when it has no column for that.
    """
    if isinstance(content, Unreadable):
        return Reject(content.reason)
    data = parsed(content) if isinstance(content, bytes) else _typed(content, csv_subreddit)
    if data is None:
        return Reject("not JSON")
    if not isinstance(data, dict):
        return Reject("not a JSON object")
    try:
        return _thing(data)
    except UnusableRecord as exc:
        return Reject(f"no usable {exc.field}")


def _thing(data: Data) -> Thing:
    if data.keys() >= {"kind", "data"} and isinstance(data["data"], dict):
        data = data["data"]  # as Reddit's API wraps things
    if "display_name" in data:
        return _community(data)
    if "body" in data and "title" not in data:
        return Reject(COMMENT)
    if "author_name" in data and "body" in data and "subreddit" not in data:
        return Reject(CUSTOM)
    if "title" not in data and "created_utc" not in data:
        return Reject("neither a submission nor a community")
    return _submission(data)


def _submission(data: Data) -> Submission:
    name, kind = required_text(data, "subreddit"), optional_text(data, "subreddit_type")
    given = optional_text(data, "subreddit_id")
    community_id = given if given and given.startswith("t5_") else f"r/{name.lower()}"
    record = post_from({**data, "subreddit_id": community_id})
    _fits(data, "name", record.id, LONGEST_ID)
    _fits(data, "subreddit_id", community_id, LONGEST_NAME)
    _fits(data, "subreddit", name, LONGEST_NAME)
    row = list(_row(record))
    row[_READ_AT] = read_at(data) or record.created_at  # no later than that is certain
    row[_REMOVED_BY] = removed_later(data) or record.removed_by_category
    return Submission(
        tuple(row), Community(community_id, name, kind or "public", count(data, "subreddit_subscribers"))
    )


def _community(data: Data) -> Metadata | Community:
    when = read_at(data)
    record = subreddit_from({"id": data.get("id"), **data} if "name" in data else {**data, "name": None})
    _fits(data, "name", record.id, LONGEST_ID)
    _fits(data, "display_name", record.name, LONGEST_NAME)
    _fits(data, "public_description", record.title + record.description, LONGEST_DESCRIPTION)
    if when is None:  # Arctic Shift's list of names that it never asked Reddit about
        return Community(record.id, record.name, record.type, record.subscribers)
    return Metadata(replace(record, read_at=when))


def _fits(data: Data, field: str, value: str, longest: int) -> None:
    if len(value) > longest:
        raise UnusableRecord(field, data.get(field))


def _typed(fields: Mapping[str, str], subreddit: str) -> dict[str, Any]:
    """A record of CSV with the types that JSON would have; an empty field is a missing one."""
    data: dict[str, Any] = {"subreddit": subreddit} if "display_name" not in fields else {}
    for name, value in fields.items():
        if value:
            data[name] = _TYPES[name](value) if name in _TYPES else value
    return data


def _number(value: str) -> int | float | str:
    try:
        number = float(value)
    except ValueError:
        return value
    return int(number) if number.is_integer() else number


def _flag(value: str) -> bool | str:
    return {"true": True, "false": False}.get(value.lower(), value)


_TYPES = {
    **dict.fromkeys(
        (
            "score",
            "num_comments",
            "upvote_ratio",
            "subreddit_subscribers",
            "subscribers",
            "retrieved_on",
            "retrieved_utc",
        ),
        _number,
    ),
    **dict.fromkeys(("over_18", "is_self", "stickied", "over18", "quarantine"), _flag),
}
