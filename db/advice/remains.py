"""What is left of index changes that failed or whose process was killed: found, named, and dropped."""

from collections.abc import Sequence
from datetime import timedelta

import psycopg
import structlog
from psycopg.types.json import Jsonb

from db.advice.at_work import Patience, application, connection_for, execute
from db.advice.changes import IndexChange, index_found
from db.advice.definition import drop, parts_of
from db.database import Database
from db.diagnosis.target import Target, question
from db.pool import Connection

log = structlog.get_logger()

Name = tuple[str, str]
"""schema and index"""

BEGUN = timedelta(seconds=30)  # so long a change may need until its connection is there


async def mark_lost(db: Database, target: Target, ago: timedelta = BEGUN) -> list[int]:
    """Note changes that nobody is at any more: done if PostgreSQL came to its end all the same, else lost, with what
    is left of them; their ids.

    Raises:
        DatabaseDown: one of the two is away.
    """
    found = []
    for row in await db.rows("index_changes.running", target=target.name, ago=ago):
        change = IndexChange(**row)
        async with question(target) as session:
            is_at_work = await session.value("index_changes.is_at_work", application=application(change.id))
        if not is_at_work:
            await _note_loss(db, target, change)
            found.append(change.id)
    return found


async def _note_loss(db: Database, target: Target, change: IndexChange) -> None:
    index = await index_found(target, change.schema_name, change.index_name)
    is_done = index is None if change.action == "drop" else index is not None and index["is_valid"]
    remains = [] if is_done else await _left_of(target, change)
    error = None if is_done else "the process that was at it ended before it did"
    if remains:
        error = f"{error}; it left the invalid {_listed(remains)}, which is dropped as soon as that can be"
    state = "done" if is_done else "lost"
    await finish(db, change, state, error, remains)
    log.warning("index change without its process", change=change.id, index=change.index_name, state=state)


async def finish(
    db: Database, change: IndexChange, state: str, error: str | None, remains: Sequence[Name] = ()
) -> None:
    """Note how a change ended."""
    await db.execute(
        "index_changes.finish", id=change.id, state=state, error=error, remains=Jsonb(list(remains))
    )


async def _left_of(target: Target, change: IndexChange) -> list[Name]:
    """Indexes that it made and that serve nobody: the whole's, and those of partitions."""
    names = [(change.schema_name, change.index_name)]
    if (definition := change.composed) is not None:
        async with question(target) as session:
            parts = await parts_of(session, definition.schema, definition.table)
        names = [(part.schema, definition.name_on(part.table)) for part in parts] or names
    there = [(name, await index_found(target, *name)) for name in names]
    is_of_partitions = len(names) > 1
    return [name for name, index in there if index and (is_of_partitions or not index["is_valid"])]


async def clear_remains(db: Database, target: Target, patience: Patience) -> None:
    """Drop what earlier changes left behind; what is in use still waits for the next time."""
    for row in await db.rows("index_changes.with_remains", target=target.name):
        async with connection_for(target, row["id"]) as connection:
            names = [(schema, name) for schema, name in row["remains"]]
            if not await drop_all(target, connection, names, patience):
                await db.execute("index_changes.cleared", id=row["id"])


async def drop_all(
    target: Target, connection: Connection, names: Sequence[Name], patience: Patience
) -> list[Name]:
    """Drop indexes that nobody is just making; those that could not be dropped."""
    left = []
    for name in names:
        there = await index_found(target, *name)
        if there is None or there["is_being_made"]:
            continue
        try:
            await execute(connection, drop(*name, not there["is_partitioned"]), patience)
        except psycopg.Error:
            if connection.broken:
                raise
            left.append(name)
    return left


def _listed(names: Sequence[Name]) -> str:
    return "index " + ", ".join(f"{schema}.{name}" for schema, name in names)
