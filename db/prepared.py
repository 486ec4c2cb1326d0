"""Posts made ready for PostgreSQL before there is a connection: what an importer's reading thread can do beforehand.

`db.posts.merge_rows` spends half of its time in Python. Here that half is done while PostgreSQL stores the batch
before, so that an import is as fast as the slower of the two and not as both together. Of a batch only the bytes for
COPY are held, a quarter of what its rows would take.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import psycopg
from psycopg import sql
from psycopg._copy_base import (
    BinaryFormatter,
)  # what AsyncCopy.write_row uses; there is no public way without cursor
from psycopg.abc import Buffer
from psycopg.adapt import Transformer
from psycopg.pq import Format

from db import posts
from db.database import Session
from db.posts import ID, READ_AT, STORED, SUBREDDIT_ID, SUBSCRIBERS, TYPES, Row
from db.written import EACH_COMMUNITY, announce

_LISTED = sql.SQL(", ").join(map(sql.Identifier, STORED))
_OIDS = [psycopg.adapters.types.get_oid(name) for name in TYPES.values()]
POINTS_REMEMBERED = 50_000


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch of posts."""

    count: int
    ids: str
    """of the posts, with commas between"""
    copied: Sequence[Buffer]
    """the rows as binary COPY takes them, some 500 bytes each"""
    points: Sequence[tuple[str, date, int]]
    """of the growth curves: community, day, subscribers"""


class Preparer:
    """Prepares the batches of one import, in their order. Needs no connection, and may work in any thread."""

    def __init__(self) -> None:
        self._known_points: dict[tuple[str, date], int] = {}  # of earlier batches, so that none is sent twice
        self._begin()

    def _begin(self) -> None:
        transformer = Transformer()
        transformer.set_dumper_types(_OIDS, Format.BINARY)
        self._formatter = BinaryFormatter(transformer)
        self._copied: list[Buffer] = []
        self._ids: list[str] = []
        self._points: dict[tuple[str, date], int] = {}

    def add(self, rows: Sequence[Row]) -> None:
        """Rows in the order of `db.posts.COLUMNS`, each with its `read_at`, for the batch that is being made."""
        write, known_points = self._formatter.write_row, self._known_points
        for row in rows:
            if block := write(posts.as_stored(row, row[READ_AT])):
                self._copied.append(block)
            if (subscribers := row[SUBSCRIBERS]) is not None:
                place = (row[SUBREDDIT_ID], row[READ_AT].date())
                if subscribers > known_points.get(place, -1):
                    if len(known_points) >= POINTS_REMEMBERED:
                        known_points.clear()
                    known_points[place] = self._points[place] = subscribers
        self._ids += [row[ID] for row in rows]

    def batch(self) -> Prepared:
        """What was added since the last batch."""
        self._copied.append(self._formatter.end())
        points = [(*place, most) for place, most in self._points.items()]
        made = Prepared(len(self._ids), ",".join(self._ids), self._copied, points)
        self._begin()
        return made


async def merge(session: Session, batch: Prepared, renamed: Mapping[str, str]) -> int:
    """Like `db.posts.merge_rows`, for communities that are there; how many posts were new.

    Args:
        renamed: community ids of the batch that have meanwhile another one.
    """
    if not batch.count:
        return 0
    async with posts.by_index(session):
        straight = not renamed and not await session.value("imports.any_known", ids=batch.ids)
        if straight and await _copy_new(session, batch):
            new = batch.count
        else:
            new = await _merge_staged(session, batch, renamed)
        await _grow(session, batch, renamed)
    if new:
        await session.execute("posts.count", new=new)
        await announce(session, "posts", EACH_COMMUNITY)
    return new


async def _copy_new(session: Session, batch: Prepared) -> bool:
    """Whether the rows are in; not when two are of one post, or another process just wrote one of them."""
    try:
        async with session.connection.transaction():
            await _copy(session, "posts", batch)
    except psycopg.errors.UniqueViolation:
        return False
    return True


async def _merge_staged(session: Session, batch: Prepared, renamed: Mapping[str, str]) -> int:
    """The way of a batch that has known posts in it; how many were new."""
    await session.execute("imports.stage")
    await _copy(session, "staged_imports", batch)
    if renamed:
        await session.execute("imports.rename", old=list(renamed), real=list(renamed.values()))
    new = int(await session.value("imports.insert_staged"))
    if new < batch.count:
        await session.execute("posts.stage")
        await session.execute("imports.read_again")
        await session.execute("posts.merge")
    return new


async def _copy(session: Session, table: str, batch: Prepared) -> None:
    target = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(sql.Identifier(table), _LISTED)
    async with session.connection.cursor() as cursor, cursor.copy(target) as copy:
        for block in batch.copied:
            await copy.write(block)


async def _grow(session: Session, batch: Prepared, renamed: Mapping[str, str]) -> None:
    most: dict[tuple[str, date], int] = {}
    for community, day, subscribers in batch.points:
        place = (renamed.get(community, community), day)
        most[place] = max(most.get(place, 0), subscribers)
    if most:
        places = sorted(most)  # in one order, so that no two batches wait for each other
        await session.execute(
            "posts.grow",
            ids=[community for community, _ in places],
            times=[datetime.combine(day, time(), UTC) for _, day in places],
            subscribers=[most[place] for place in places],
        )
