"""Imports of files: how far each is in, who is at it, and the communities that its posts name."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

import psycopg
from psycopg.types.json import Jsonb

from db.database import Database, Session
from db.errors import DatabaseError
from db.written import announce

CLAIM_SECONDS = 3.0
"""How long PostgreSQL may take to notice that the process that held a file was killed."""
CLAIM_EVERY_SECONDS = 0.05


class ImportBusy(DatabaseError):
    """Another process is importing this file; wait for it, or stop it."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a file is in; all counts are of the whole file, over all the runs that it took."""

    fingerprint: str
    path: str
    """as it was first imported"""
    position: int
    """bytes of its unpacked content that are stored"""
    lines: int
    stored: int
    """records merged, new or not"""
    new: int
    rejected: Mapping[str, int]
    """reason -> lines"""
    left_out: Mapping[str, int]
    """not wanted rather than not usable: kind -> lines"""
    finished_at: datetime | None


class Community(Protocol):
    """What a post tells of its community (collectors.dumps.kinds.Community)."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def subscribers(self) -> int | None: ...


@asynccontextmanager
async def claimed(db: Database, fingerprint: str, seconds: float = CLAIM_SECONDS) -> AsyncIterator[None]:
    """Be the only one that imports the file while the body lasts.

    Raises:
        ImportBusy: another process is at it.
    """
    async with db.connection() as connection:
        session = Session(connection)
        for _ in range(max(1, round(seconds / CLAIM_EVERY_SECONDS))):
            if await session.value("imports.claim", fingerprint=fingerprint):
                break
            await asyncio.sleep(CLAIM_EVERY_SECONDS)
        else:
            raise ImportBusy
        try:
            yield
        finally:
            with suppress(psycopg.Error):  # whoever lost the connection has let go already
                await session.execute("imports.let_go", fingerprint=fingerprint)


async def begin(
    db: Database, fingerprint: str, path: str, size_bytes: int, *, again: bool = False
) -> Progress:
    """Enter the file, or see how far it is in; `again` begins anew whatever is in."""
    async with db.transaction() as session:
        await session.execute("imports.enter", fingerprint=fingerprint, path=path, bytes=size_bytes)
        await session.row("imports.hold", fingerprint=fingerprint)
        if again:
            await session.execute("imports.restart", fingerprint=fingerprint)
        row = await session.row("imports.hold", fingerprint=fingerprint)
    assert row is not None
    return Progress(**{name: row[name] for name in Progress.__slots__})


async def hold(session: Session, fingerprint: str) -> None:
    """First in the transaction of a batch, so that whoever takes over after a kill waits for its end."""
    await session.execute("imports.hold", fingerprint=fingerprint)


async def move(session: Session, progress: Progress) -> None:
    """Note that everything up to `progress.position` is stored; it holds with the batch's own commit."""
    await session.execute(
        "imports.move",
        fingerprint=progress.fingerprint,
        position=progress.position,
        lines=progress.lines,
        stored=progress.stored,
        new=progress.new,
        rejected=Jsonb(dict(progress.rejected)),
        left_out=Jsonb(dict(progress.left_out)),
    )


def moved(
    before: Progress,
    position: int,
    lines: int,
    stored: int,
    new: int,
    rejected: Mapping[str, int],
    left_out: Mapping[str, int],
) -> Progress:
    """The progress after a batch with these counts, which ends at `position`."""
    return replace(
        before,
        position=position,
        lines=before.lines + lines,
        stored=before.stored + stored,
        new=before.new + new,
        rejected=_sum(before.rejected, rejected),
        left_out=_sum(before.left_out, left_out),
    )


def _sum(some: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    return dict(some) | {name: some.get(name, 0) + count for name, count in more.items()}


async def finish(db: Database, fingerprint: str) -> None:
    await db.execute("imports.finish", fingerprint=fingerprint)


async def ids_by_name(session: Session, names: Iterable[str]) -> dict[str, str]:
    """name in lower case -> id, of those communities that are there under their real id."""
    rows = await session.rows("imports.ids_by_name", names=list(names))
    return {row["name"]: row["id"] for row in rows}


async def note_communities(session: Session, communities: Iterable[Community]) -> int:
    """Let communities that are known from posts alone be there, unknown and due for a refresh; how many were new.

    One whose id is `r/name` stands in for a community whose id is not known; the refresh of metadata replaces it.
    """
    told: list[Any] = list(communities)
    if not told:
        return 0
    new = int(
        await session.value(
            "imports.note_communities",
            ids=[each.id for each in told],
            names=[each.name for each in told],
            types=[each.type for each in told],
            subscribers=[each.subscribers for each in told],
        )
    )
    if new:
        await announce(session, "subreddits")
    return new
