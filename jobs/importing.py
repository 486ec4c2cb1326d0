"""A dump into the database: the next batch is read in a thread while PostgreSQL stores the one before.

A batch, its communities and the file's position are one transaction, so that a kill at any moment loses nothing and
brings in nothing twice. At most two batches exist at a time: memory does not depend on the file's size.
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from collectors.dumps.kinds import Community
from collectors.dumps.opened import Dump
from collectors.dumps.stretches import Rejected, stretches
from collectors.records import Subreddit
from db import imports, prepared, subreddits
from db.database import Database, Session
from db.prepared import Prepared, Preparer
from jobs.rejects import RejectFile

BATCH_LINES = 10_000
BATCH_BYTES = 16 * 2**20
"""Of content. A batch holds a fifth of that or less, and while it is stored there is a second one."""
DEADLOCK_TRIES = 5
TURN_SECONDS = 0.0005

Show = Callable[[int, int], None]
"""told after each batch: bytes of the packed file read, rows stored by this run"""


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of one run."""

    progress: imports.Progress
    """of the whole file, over all runs"""
    stored: int
    """records that this run stored"""
    seconds: float
    already: bool
    """whether the file had been in before, so that there was nothing to do"""
    rejects: Path


async def import_dump(
    db: Database, dump: Dump, folder: Path, show: Show, *, profiles: bool = False, again: bool = False
) -> Imported:
    """Bring in what is not in yet.

    Args:
        folder: where the reject file goes.
        profiles: whether posts to people's profiles are wanted, too.
        again: begin at the beginning even when all of it, or some, is in.

    Raises:
        ImportBusy: another process is importing this file.
        DamagedDump, Stopped: after all that could be read until then was stored.
    """
    began, fingerprint = time.perf_counter(), dump.fingerprint()
    async with imports.claimed(db, fingerprint):
        progress = await imports.begin(db, fingerprint, str(dump.path), dump.size_bytes, again=again)
        before = progress
        rejects = RejectFile(folder, Path(progress.path).name, fingerprint)
        if progress.finished_at is None:
            rejects.resume(progress.position)
            with _short_turns():
                async with aclosing(_read_ahead(dump, progress.position, profiles)) as read:
                    async for batch in read:
                        progress = await _store(db, progress, batch, rejects)
                        show(dump.read_bytes, progress.stored - before.stored)
            await imports.finish(db, fingerprint)
    seconds = time.perf_counter() - began
    return Imported(
        progress, progress.stored - before.stored, seconds, before.finished_at is not None, rejects.path
    )


@contextmanager
def _short_turns() -> Iterator[None]:
    """Let whoever talks to PostgreSQL wait for the reading thread half a millisecond at most, not Python's five."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(TURN_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


@dataclass(slots=True)
class Batch:
    """What goes into the database together."""

    posts: Prepared
    position: int
    """where it ends, in bytes of unpacked content"""
    lines: int = 0
    communities: dict[str, Community] = field(default_factory=dict)
    """by id"""
    metadata: list[Subreddit] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def batches(dump: Dump, position: int, profiles: bool) -> Iterator[Batch]:
    """The dump from `position` on, in batches; raises what reading it raises, after a batch of what could be read."""
    preparer, began = Preparer(), position
    batch = Batch(preparer.batch(), position)
    try:
        for stretch in stretches(dump, position, profiles=profiles):
            preparer.add(stretch.rows)
            batch.position = stretch.position
            batch.lines += stretch.lines
            batch.communities |= stretch.communities
            batch.metadata += stretch.metadata
            batch.rejected += stretch.rejected
            batch.left_out += stretch.left_out
            if batch.lines >= BATCH_LINES or batch.position - began >= BATCH_BYTES:
                batch.posts, began = preparer.batch(), batch.position
                yield batch
                batch = Batch(batch.posts, began)
    except Exception:
        if batch.position > began:
            batch.posts = preparer.batch()
            yield batch
        raise
    if batch.position > began:
        batch.posts = preparer.batch()
        yield batch


async def _read_ahead(dump: Dump, position: int, profiles: bool) -> AsyncGenerator[Batch]:
    """The batches in order; while one is stored, the next is read."""
    loop, content = asyncio.get_running_loop(), batches(dump, position, profiles)
    with ThreadPoolExecutor(1, "import") as reader:
        coming = loop.run_in_executor(reader, next, content, None)
        try:
            while (batch := await coming) is not None:
                coming = loop.run_in_executor(reader, next, content, None)
                yield batch
        finally:
            dump.stop()
            await asyncio.wait([coming])
            if not coming.cancelled():
                coming.exception()  # whoever leaves early does not care for it


async def _store(
    db: Database, before: imports.Progress, batch: Batch, rejects: RejectFile
) -> imports.Progress:
    """Everything of a batch, in one transaction; the progress after it."""
    await asyncio.to_thread(rejects.write, batch.rejected)
    for tries_left in reversed(range(DEADLOCK_TRIES)):
        try:
            async with db.transaction() as session:
                return await _merge(session, before, batch)
        except psycopg.errors.DeadlockDetected:
            if not tries_left:
                raise
    raise AssertionError


async def _merge(session: Session, before: imports.Progress, batch: Batch) -> imports.Progress:
    await imports.hold(session, before.fingerprint)
    new = await subreddits.merge(session, batch.metadata) if batch.metadata else 0
    renamed = await _make_sure_of(session, batch.communities.values())
    new += await prepared.merge(session, batch.posts, renamed)
    progress = imports.moved(
        before,
        batch.position,
        batch.lines,
        batch.posts.count + len(batch.metadata),
        new,
        Counter(each.reason for each in batch.rejected),
        batch.left_out,
    )
    await imports.move(session, progress)
    return progress


async def _make_sure_of(session: Session, communities: Collection[Community]) -> dict[str, str]:
    """Let these communities be there. Where the dump tells no id the name finds it: stand-in -> real id."""
    await imports.note_communities(session, [each for each in communities if not each.is_placeholder])
    standing_in = [each for each in communities if each.is_placeholder]
    if not standing_in:
        return {}
    ids = await imports.ids_by_name(session, [each.name.lower() for each in standing_in])
    renamed = {each.id: ids[each.name.lower()] for each in standing_in if each.name.lower() in ids}
    await imports.note_communities(session, [each for each in standing_in if each.id not in renamed])
    return renamed
