"""Communities: merged in batches, leased when due, read a page at a time as JSON that PostgreSQL built."""

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any, Literal

import orjson

from db.database import Database, Session
from db.written import EACH_COMMUNITY, announce, community_tags

Sort = Literal["subscribers", "name", "first_seen"]
SORTS: tuple[Sort, ...] = ("subscribers", "name", "first_seen")
COLUMNS = (
    "id",
    "name",
    "title",
    "description",
    "type",
    "over18",
    "subscribers",
    "quarantine",
    "lang",
    "created_at",
    "read_at",
)
_fields = attrgetter(*COLUMNS)

# A growth curve has a point an hour, so asking more often shows nothing; a day late is as old as a reading may get.
FIRST_EVERY = SOONEST = timedelta(hours=1)
LATEST = timedelta(hours=24)
# Both must be reached for a change. A curve drawn through points a thousandth apart looks like one through all of
# them, and in a small community a few people who come and go are no news.
LEAST_CHANGE = 10
LEAST_SHARE = 0.001


class BadCursor(ValueError):
    """The cursor is not one that Subpulse gave out for this sort; leave it out to begin at the first page."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a page is narrowed to; None leaves all in. False for over18 excludes "Reddit will not say"."""

    q: str | None = None
    category: str | None = None
    min_subscribers: int | None = None
    over18: bool | None = None

    def params(self) -> dict[str, Any]:
        """Parameters of the page statements, the search words turned into a prefix query."""
        return {
            "words": search_words(self.q),
            "category": self.category,
            "min_subscribers": self.min_subscribers,
            "over18": self.over18,
        }


@dataclass(frozen=True, slots=True)
class Page:
    """`items` is a JSON array as bytes; `cursor` continues behind its last row, None at the end."""

    items: bytes
    count: int
    cursor: str | None


def search_words(q: str | None) -> str | None:
    """A text-search query in which each word may be a beginning: `mech key` finds Mechanical keyboards."""
    words = re.findall(r"\w+", q or "")
    return " & ".join(f"{word}:*" for word in words) or None


def encode_cursor(sort: Sort, value: str, last_id: str) -> str:
    """An opaque word for the place behind one row in one order."""
    return base64.urlsafe_b64encode(orjson.dumps([sort, value, last_id])).decode().rstrip("=")


def decode_cursor(sort: Sort, cursor: str | None) -> tuple[str | None, str | None]:
    """(value, id) of the row to continue behind; (None, None) for the first page.

    Raises:
        BadCursor: the word is damaged, or belongs to another order.
    """
    if not cursor:
        return None, None
    try:
        decoded = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        kind, value, last_id = decoded
        if kind != sort or not isinstance(value, str) or "\0" in f"{value}{last_id}":
            raise BadCursor
        return _as_postgresql_reads_it(sort, value), str(last_id)
    except (binascii.Error, ValueError, TypeError, OverflowError) as exc:
        raise BadCursor from exc


def _as_postgresql_reads_it(sort: Sort, value: str) -> str:
    """Python takes more for numbers and times than PostgreSQL does."""
    if sort == "subscribers":
        number = int(value)
        if not -(2**63) <= number < 2**63:
            raise OverflowError(value)
        return str(number)
    return datetime.fromisoformat(value).astimezone(UTC).isoformat() if sort == "first_seen" else value


async def page(
    db: Database, filters: Filters, sort: Sort = "subscribers", limit: int = 50, cursor: str | None = None
) -> Page:
    """One page of communities by keyset: the same cost at any depth.

    Raises:
        BadCursor: see decode_cursor.
    """
    after_value, after_id = decode_cursor(sort, cursor)
    row = await db.row(
        f"subreddits.page_by_{sort}",
        **filters.params(),
        limit=limit,
        after_value=after_value,
        after_id=after_id,
    )
    assert row is not None
    following = encode_cursor(sort, row["last_value"], row["last_id"]) if row["count"] == limit else None
    return Page(row["items"].encode(), row["count"], following)


async def page_as_json(db: Database, filters: Filters, sort: Sort, limit: int, cursor: str | None) -> bytes:
    """The same as `{"items": […], "next": cursor or null}`, as the API answers it.

    Raises:
        BadCursor: see decode_cursor.
    """
    found = await page(db, filters, sort, limit, cursor)
    return b'{"items":%b,"next":%b}' % (found.items, orjson.dumps(found.cursor))


async def matching(db: Database, filters: Filters) -> int:
    """How many communities the filters leave."""
    return int(await db.value("subreddits.matching", **filters.params()))


async def one(db: Database, name: str) -> bytes | None:
    """One community as a JSON object, or None when it was never seen."""
    found = await db.value("subreddits.one", name=name)
    return found.encode() if found else None


def tags_of_one(name: str, found: bytes | None) -> tuple[str, ...]:
    """What the answer of `one` depends on: the community, or that there comes none of that name."""
    if found is None:
        return ("subreddits",)
    id = orjson.loads(found)["id"]
    return f"subreddit:{id}", f"subreddit:{name.lower()}", EACH_COMMUNITY


async def merge(session: Session, records: Iterable[Any]) -> int:
    """Write a batch of collectors.records.Subreddit; how many were new. Repeating a batch changes nothing.

    A record without `read_at` is of now. Of an older one only its point of growth is kept, where there is none yet.
    """
    batch = list(records)
    await session.execute("subreddits.stage")
    await session.copy("staged_subreddits", COLUMNS, map(_fields, batch))
    new = int(
        await session.value(
            "subreddits.merge",
            first=FIRST_EVERY,
            soonest=SOONEST,
            latest=LATEST,
            least_change=LEAST_CHANGE,
            least_share=LEAST_SHARE,
        )
    )
    touched = community_tags(key for one in batch for key in (one.id, one.name.lower()))
    await announce(session, "subreddits", *touched)
    return new


async def refreshed(session: Session, ids: Sequence[str]) -> None:
    """Note that these communities were asked for and answered, be it with a reading of long ago."""
    await session.execute("subreddits.refreshed", ids=list(ids), latest=LATEST)
    await announce(session, *community_tags(ids))


async def ask_later(session: Session, ids: Sequence[str], again_in: timedelta) -> None:
    """Note that nothing was learnt of these communities, so that others come first."""
    await session.execute("subreddits.ask_later", ids=list(ids), again_in=again_in)
    await announce(session, *community_tags(ids))


async def posts_collected(
    session: Session,
    ids: Sequence[str],
    per_hour: Sequence[float],
    again_in: Sequence[timedelta],
    at: datetime,
) -> None:
    """Note that these communities' posts were read, how many come, and when to read them again."""
    await session.execute(
        "subreddits.posts_collected", ids=list(ids), per_hour=list(per_hour), again_in=list(again_in), at=at
    )
    await announce(session, *community_tags(ids))


async def set_state(
    session: Session, ids: Sequence[str], state: str, reason: str, again_in: timedelta
) -> None:
    """Note that the source refused these communities, or could not tell."""
    await session.execute(
        "subreddits.set_state", ids=list(ids), state=state, reason=reason, again_in=again_in
    )
    await announce(session, "subreddits", *community_tags(ids))


async def adopt(session: Session, placeholders: Sequence[str], records: Iterable[Any]) -> int:
    """Put real communities in the place of stand-ins of the same names; how many stand-ins went.

    A stand-in (`r/name`, from a dump that does not tell ids) hands its posts and its growth to the real one.
    """
    held = await session.rows("subreddits.hold_placeholders", ids=list(placeholders))
    real = {record.name.lower(): record for record in records}
    await merge(session, real.values())
    pairs = [(row["id"], real[row["name"]].id) for row in held if row["name"] in real]
    if pairs:
        old, new = (list(ids) for ids in zip(*pairs, strict=True))
        await session.execute("subreddits.adopt_posts", placeholders=old, real=new)
        await session.execute("subreddits.adopt_snapshots", placeholders=old, real=new)
        await session.execute("subreddits.drop_placeholders", placeholders=old)
    return len(pairs)


async def stats(db: Database) -> bytes:
    """The collection in figures, as a JSON object."""
    return str(await db.value("subreddits.stats")).encode()


async def totals(db: Database) -> dict[str, int]:
    """Communities and posts collected: {"subreddits": n, "posts": n}."""
    return {row["name"]: row["value"] for row in await db.rows("subreddits.totals")}
