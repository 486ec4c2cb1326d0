"""An archive's rows as records: as of when it read them, with what it found out later."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from collectors.fields import Data, moment, optional_text
from collectors.records import Post, Subreddit, post_from, subreddit_from

REMOVED_LATER: Mapping[str, str] = {"author": "deleted"}
"""What a removal is called -> how we call it: its author's own deletion, of which nothing may be kept."""


def archived_post(row: Data) -> Post:
    """A post from a row of Arctic Shift or a dump.

    Since 2023-11 each post is read twice, the second time after 36 hours. What became of it by then stands in
    `_meta`, in the words of `removed_by_category`, which itself stays as it was first.

    Raises:
        UnusableRecord: as `post_from`.
    """
    post = post_from(row)
    own = post.removed_by_category
    removal = removed_later(row) or (REMOVED_LATER.get(own, own) if own else None)
    # An archive never speaks of now: a row that does not say when it was read is as old as its post.
    return replace(post, removed_by_category=removal, read_at=read_at(row) or post.created_at)


def archived_subreddit(row: Data) -> Subreddit:
    """A subreddit from a row of Arctic Shift or a dump.

    Raises:
        UnusableRecord: as `subreddit_from`.
    """
    subreddit = subreddit_from(row)
    return replace(subreddit, read_at=read_at(row) or subreddit.created_at)


def read_at(row: Data) -> datetime | None:
    """When the archive read it, in UTC: the second reading where there was one."""
    for source, field in ((_meta(row), "retrieved_2nd_on"), (row, "retrieved_on"), (row, "retrieved_utc")):
        when = moment(source, field)
        if when is not None and when.timestamp() > 0:
            return when
    return None


def removed_later(row: Data) -> str | None:
    """What became of a post by its second reading; None where it was still there, or was read once."""
    later = optional_text(_meta(row), "removal_type")
    return REMOVED_LATER.get(later, later) if later else None


def _meta(row: Data) -> dict[str, Any]:
    value = row.get("_meta")
    return value if isinstance(value, dict) else {}
