"""A dump in short stretches: rows, communities and rejects, each with the place that it ends at."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from collectors.dumps.kinds import Community, Metadata, Reject, Submission, is_profile, thing_of
from collectors.dumps.opened import Dump
from collectors.dumps.split import Content, Unreadable
from collectors.dumps.submissions import UNUSUAL, Row, decode, row_of
from collectors.records import Subreddit

STRETCH_LINES = 500
STRETCH_BYTES = 2 * 2**20
"""Of content: more is never held as Python objects, whatever the lines hold."""
KNOWN_COMMUNITIES = 50_000
"""How many ids are remembered, some 5 MB; then remembering begins anew."""
LINE_CHARACTERS = 2_000
PROFILE = "profile"


@dataclass(frozen=True, slots=True)
class Rejected:
    """A piece that was not kept."""

    position: int
    """where it begins, in bytes of unpacked content"""
    reason: str
    line: str
    """its first 2,000 characters"""


@dataclass(slots=True)
class Stretch:
    """What a stretch of the dump holds."""

    position: int
    """where it ends, in bytes of unpacked content"""
    lines: int = 0
    rows: list[Row] = field(default_factory=list)
    """in the order of FIELDS"""
    communities: dict[str, Community] = field(default_factory=dict)
    """of these rows, unless an earlier stretch named them, by id"""
    metadata: list[Subreddit] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    """what is not wanted rather than not usable, by kind"""


def stretches(dump: Dump, position: int = 0, *, profiles: bool = False) -> Iterator[Stretch]:
    """The dump's content from `position` on; at most STRETCH_LINES records or STRETCH_BYTES in each.

    Args:
        profiles: whether posts to people's profiles (`u_name`) are wanted, too.

    Raises:
        DamagedDump: after a stretch with what could be read.
    """
    known: set[str] = set()
    stretch = Stretch(position)
    pieces = dump.pieces(position)
    while True:
        began = stretch.position
        try:
            for start, end, content in pieces:
                stretch.position = end
                try:
                    line = decode(content)  # type: ignore[arg-type]
                    row = row_of(line)
                except UNUSUAL:
                    row = None
                if row is None:
                    _take(stretch, start, content, dump.subreddit, known, profiles)
                else:
                    stretch.lines += 1
                    if is_profile(line.subreddit, line.subreddit_type) and not profiles:
                        stretch.left_out[PROFILE] += 1
                    else:
                        stretch.rows.append(row)
                        if row[1] not in known:
                            kind = line.subreddit_type or "public"
                            _note(
                                stretch,
                                known,
                                Community(row[1], line.subreddit, kind, line.subreddit_subscribers),
                            )
                if end - began >= STRETCH_BYTES or stretch.lines >= STRETCH_LINES:
                    break
            else:
                if stretch.position > began:
                    yield stretch
                return
        except Exception:
            if stretch.position > began:
                yield stretch
            raise
        yield stretch
        stretch = Stretch(stretch.position)


def _take(
    stretch: Stretch, start: int, content: Content, csv_subreddit: str, known: set[str], profiles: bool
) -> None:
    """Put an unusual piece where it belongs."""
    if isinstance(content, bytes) and not content.strip():
        return
    stretch.lines += 1
    thing = thing_of(content, csv_subreddit)
    if isinstance(thing, Reject):
        stretch.rejected.append(Rejected(start, thing.reason, _excerpt(content)))
        return
    about = thing.community if isinstance(thing, Submission) else thing
    if (about.record if isinstance(about, Metadata) else about).is_profile and not profiles:
        stretch.left_out[PROFILE] += 1
    elif isinstance(thing, Submission):
        stretch.rows.append(thing.row)
        _note(stretch, known, thing.community)
    elif isinstance(thing, Metadata):
        stretch.metadata.append(thing.record)
    else:
        _note(stretch, known, thing)


def _note(stretch: Stretch, known: set[str], community: Community) -> None:
    if community.is_placeholder:  # which may have given way to the real one since the last stretch
        stretch.communities[community.id] = community
    elif community.id not in known:
        if len(known) >= KNOWN_COMMUNITIES:
            known.clear()
        known.add(community.id)
        stretch.communities[community.id] = community


def _excerpt(content: Content) -> str:
    if isinstance(content, Unreadable):
        content = content.excerpt
    if not isinstance(content, bytes):
        content = ",".join(content.values()).encode()
    return content[: 4 * LINE_CHARACTERS].decode("utf-8", "replace").rstrip("\r\n")[:LINE_CHARACTERS]
