"""An archive's rows as records: as of when it read them, with what it found out later."""

from dataclasses import replace
from typing import Any

from collectors.fields import Data, moment, optional_text
from collectors.records import Post, Subreddit, post_from, subreddit_from


def archived_post(row: Data) -> Post:
    """A post from a row of Arctic Shift or a dump.

    Since 2023-11 each post is read twice, the second time after 36 hours. What became of it by then stands in
    `_meta`, in the words of `removed_by_category`, which itself stays as it was first.

    Raises:
        UnusableRecord: as `post_from`.
    """
    post = post_from(row)
    later = _meta(row)
    removal = optional_text(later, "removal_type") or post.removed_by_category
    removal = "deleted" if removal == "author" else removal  # whose own word it is: nothing of it may be kept
    read_at = moment(later, "retrieved_2nd_on") or moment(row, "retrieved_on")
    # An archive never speaks of now: a row that does not say when it was read is as old as its post.
    return replace(post, removed_by_category=removal, read_at=read_at or post.created_at)


def archived_subreddit(row: Data) -> Subreddit:
    """A subreddit from a row of Arctic Shift or a dump.

    Raises:
        UnusableRecord: as `subreddit_from`.
    """
    subreddit = subreddit_from(row)
    return replace(subreddit, read_at=moment(row, "retrieved_on") or subreddit.created_at)


def _meta(row: Data) -> dict[str, Any]:
    value = row.get("_meta")
    return value if isinstance(value, dict) else {}
