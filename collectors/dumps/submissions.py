"""The fast way of a usual line: only the two dozen fields that are kept are decoded, straight into a row.

A line that is unusual in any way gives None here and goes the tolerant way of `kinds.py`, which takes five to ten
times as long. Both give the same row; `tests/collectors/test_dumps_fast_and_tolerant.py` compares them.
"""

from datetime import UTC, datetime
from typing import Annotated, Any

from msgspec import Meta, MsgspecError, Struct, field
from msgspec.json import Decoder

from collectors.archive import REMOVED_LATER
from collectors.fields import LARGEST_COUNT

Row = tuple[Any, ...]
FIELDS = (
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
"""What a row holds, in the order of `db.posts.COLUMNS`."""

LONGEST_ID, LONGEST_NAME = 32, 100
"""Characters. Ids have 10 today and names 24 at most; a B-tree takes no key of kilobytes."""

Text = Annotated[str, Meta(min_length=1)]
Id = Annotated[str, Meta(min_length=1, max_length=LONGEST_ID)]
Name = Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
Score = Annotated[int, Meta(ge=-LARGEST_COUNT, le=LARGEST_COUNT)]
Count = Annotated[int, Meta(ge=0, le=LARGEST_COUNT)]
Share = Annotated[float, Meta(ge=0, le=1)]
Epoch = int | float | str


class SecondReading(Struct, gc=False):
    """What Arctic Shift learnt when it read the post again."""

    retrieved_2nd_on: int | None = None
    removal_type: str | None = None


class Submission(Struct, gc=False):
    """A line of a dump, with the types that most lines have."""

    id: Id
    subreddit: Name
    subreddit_id: Id
    title: Text
    score: Score
    num_comments: Score
    created_utc: Epoch
    name: Id | None = None
    author: str | None = None
    selftext: str | None = None
    url: str | None = None
    domain: str | None = None
    permalink: str | None = None
    link_flair_text: str | None = None
    upvote_ratio: Share | None = None
    over_18: bool | None = None
    is_self: bool = False
    stickied: bool = False
    removed_by_category: str | None = None
    edited: bool | Epoch | None = None
    subreddit_subscribers: Count | None = None
    subreddit_type: str | None = None
    retrieved_on: int | None = None
    retrieved_utc: int | None = None
    second: SecondReading | None = field(default=None, name="_meta")


decode = Decoder(Submission).decode
UNUSUAL = (MsgspecError, ValueError, TypeError, RecursionError)
"""What `decode` raises for a line that it does not fit; TypeError for a record of CSV."""
_utc = datetime.fromtimestamp


def row_of(line: Submission) -> Row | None:
    """The row of a usual line, in the order of FIELDS; None when the line is not quite usual."""
    name = line.name or f"t3_{line.id}"
    title, text, author = line.title, line.selftext or "", line.author or None
    url, domain, permalink = line.url or "", line.domain or "", line.permalink or ""
    flair, removed, edited, second = (
        line.link_flair_text or None,
        line.removed_by_category,
        line.edited,
        line.second,
    )
    if (
        len(name) > LONGEST_ID
        or name[:3] != "t3_"
        or not (name.isascii() and name[3:].isalnum())
        or line.subreddit_id[:3] != "t5_"
        or permalink[:1] not in ("/", "")
        or "\0"
        in f"{title}{text}{author}{url}{domain}{permalink}{flair}{removed}{line.subreddit}{line.subreddit_id}"
    ):
        return None
    read = line.retrieved_on or line.retrieved_utc
    if second is not None:
        read = second.retrieved_2nd_on or read
        if second.removal_type:  # the first reading's word stays in the line as it was
            removed = REMOVED_LATER.get(second.removal_type, second.removal_type)
    try:
        created_at = _utc(float(line.created_utc), UTC)
        read_at = _utc(read, UTC) if read is not None and read > 0 else created_at
        edited_at = None if edited is None or isinstance(edited, bool) else _utc(float(edited), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return (
        name,
        line.subreddit_id,
        None if author == "[deleted]" else author,
        title,
        text,
        url,
        domain,
        permalink,
        flair,
        created_at,
        line.score,
        line.upvote_ratio,
        line.num_comments,
        line.over_18,
        line.is_self,
        line.stickied,
        removed or None,
        edited_at,
        line.subreddit_subscribers,
        read_at,
    )
