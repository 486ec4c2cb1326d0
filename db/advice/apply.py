"""Making and dropping indexes that somebody wants, one at a time on a table, without holding up who uses it.

Only statements that we composed are run, and definitions that the same server told of an index that it had; each
comes alone in an extended message, so that none can bring another with it.
"""

import psycopg
import structlog
from psycopg import sql

from db.advice.at_work import PATIENCE, Patience, connection_for, execute, why
from db.advice.changes import ChangeRefused, IndexChange, concurrently, index_found
from db.advice.definition import drop, parts_of
from db.advice.measured import cost_after
from db.advice.remains import Name, clear_remains, drop_all, finish, mark_lost
from db.attribution import asked_by
from db.database import Database
from db.diagnosis.target import Target, question
from db.errors import DatabaseDown
from db.pool import Connection

log = structlog.get_logger()

Statement = sql.SQL | sql.Composed


async def apply_wanted(db: Database, target: Target, instance: str, patience: Patience = PATIENCE) -> int:
    """Make and drop what is wanted of one database, until nothing is; how many changes ended, well or not.

    Raises:
        DatabaseDown: one of the two is away; what was running is found lost later.
    """
    ended = 0
    try:
        with asked_by("index change"):
            async with question(target):
                pass  # nothing is begun with one that is away
            await mark_lost(db, target)
            await clear_remains(db, target, patience)
            while (change := await _take(db, target, instance)) is not None:
                await _apply(db, target, change, patience)
                ended += 1
    except (psycopg.OperationalError, OSError) as exc:
        raise DatabaseDown(f"{target.name}: {' '.join(str(exc).split())}") from exc
    return ended


async def _take(db: Database, target: Target, instance: str) -> IndexChange | None:
    try:
        row = await db.row("index_changes.take", target=target.name, instance=instance)
    except psycopg.errors.UniqueViolation:  # another process began one on the same table in this moment
        return None
    return None if row is None else IndexChange(**row)


async def _apply(db: Database, target: Target, change: IndexChange, patience: Patience) -> None:
    """Run one change and note how it ended."""
    made: list[Name] = []
    error, remains = None, []
    async with connection_for(target, change.id) as connection:
        try:
            for statement in await _statements(target, change, connection, patience, made):
                await execute(connection, statement, patience)
        except ChangeRefused as exc:
            error = str(exc)
        except psycopg.Error as exc:
            if connection.broken:
                raise
            error = why(exc, patience)
            remains = await drop_all(target, connection, made, patience)
            remains += await _half_dropped(target, change)
        await finish(db, change, "done" if error is None else "failed", error, remains)
    log.info("index changed", action=change.action, index=change.index_name, why=error)
    if error is None:
        await cost_after(db, target, change)


async def _statements(
    target: Target, change: IndexChange, connection: Connection, patience: Patience, made: list[Name]
) -> list[Statement]:
    """What has to run; the indexes that it makes are noted in `made`.

    Raises:
        ChangeRefused: the table is gone, or the name is taken.
    """
    if change.action == "drop":
        return await _to_drop(target, change)
    if (definition := change.composed) is None:
        assert change.definition is not None
        names: list[Name] = [(change.schema_name, change.index_name)]
        statements: list[Statement] = [sql.SQL(concurrently(change.definition))]
    else:
        async with question(target) as session:
            parts = await parts_of(session, definition.schema, definition.table)
        if not parts:
            raise ChangeRefused(f"the table {definition.schema}.{definition.table} is not there any more")
        names = [(part.schema, definition.name_on(part.table)) for part in parts]
        statements = list(definition.statements(parts))
    for name in names:
        await _make_room(target, name, connection, patience)
    made += names  # there was none of them, so what there is from here on is ours
    return statements


async def _to_drop(target: Target, change: IndexChange) -> list[Statement]:
    there = await index_found(target, change.schema_name, change.index_name)
    if there is None:
        return []
    return [drop(change.schema_name, change.index_name, not there["is_partitioned"])]


async def _half_dropped(target: Target, change: IndexChange) -> list[Name]:
    """An index that is no use any more, and could not be taken away yet."""
    there = await index_found(target, change.schema_name, change.index_name)
    is_left = change.action == "drop" and there is not None and not there["is_valid"]
    return [(change.schema_name, change.index_name)] if is_left else []


async def _make_room(target: Target, name: Name, connection: Connection, patience: Patience) -> None:
    """Drop the invalid remains of an earlier try; an index that works, or will, stays."""
    there = await index_found(target, *name)
    if there is None:
        return
    if there["is_valid"] or there["is_being_made"]:
        raise ChangeRefused(f"there is an index {'.'.join(name)} already")
    await execute(connection, drop(*name, not there["is_partitioned"]), patience)
