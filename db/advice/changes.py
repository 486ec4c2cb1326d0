"""Indexes that are to be made or dropped: who wants it, and how it went. It is `db.advice.apply` that does it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from db.advice.advice import IndexAdvice
from db.advice.definition import IndexColumn, IndexDefinition, drop
from db.database import Database
from db.diagnosis.target import Target, question
from db.errors import DatabaseError

State = Literal["wanted", "running", "done", "failed", "undone", "lost"]
Times = Callable[[str, datetime, datetime], Awaitable[tuple[float, float] | None]]
"""(mean, p95) seconds of a statement by its name, over a range; None where it was not called"""

TIMED_BEFORE = timedelta(days=1)
CREATE, CREATE_CONCURRENTLY = "CREATE INDEX ", "CREATE INDEX CONCURRENTLY "


class ChangeRefused(DatabaseError):
    """An index cannot be made or dropped like that."""


@dataclass(frozen=True, slots=True)
class UnneededIndex:
    """An index that is to be dropped, and one sentence that says why."""

    schema: str
    index: str
    reason: str


@dataclass(frozen=True, slots=True)
class IndexChange:
    """What is, or was, to be done.

    Attributes:
        columns: of an index that we compose.
        definition: of one that was there, as its server wrote it.
        undoes: the id of the change that this one takes back.
        remains: schema and name of invalid indexes that it left, to be dropped as soon as that can be.
        statements: those it is for, each with statement, text, calls, cost_before, cost_after, and before and after:
            mean_seconds and p95_seconds, or None.
    """

    id: int
    target: str
    action: Literal["create", "drop"]
    schema_name: str
    table_name: str
    index_name: str
    columns: list[dict[str, Any]] | None
    definition: str | None
    sql: str
    undo_sql: str
    undoes: int | None
    reason: str
    wanted_by: str
    wanted_at: datetime
    state: State
    instance: str | None
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None
    remains: list[list[str]]
    statements: list[dict[str, Any]]
    measured_at: datetime | None

    @property
    def composed(self) -> IndexDefinition | None:
        """The index as we compose it; None of one that somebody else made."""
        if self.columns is None:
            return None
        columns = tuple(IndexColumn(**column) for column in self.columns)
        return IndexDefinition(self.schema_name, self.table_name, columns)

    @property
    def may_be_undone(self) -> bool:
        """A drop that failed may have left the index invalid."""
        has_changed = self.state in ("done", "lost") or (self.state == "failed" and self.action == "drop")
        return self.undoes is None and has_changed


async def want(
    db: Database, target: Target, what: IndexAdvice | UnneededIndex, by: str, times: Times | None = None
) -> int:
    """Note that an advised index is to be made, or an unneeded one dropped; the id of the change.

    Who asks twice gets the same one. `times` tells how long the statements take before.

    Raises:
        ChangeRefused: the index is gone, or something needs it.
        DatabaseDown: one of the two is away.
    """
    if isinstance(what, UnneededIndex):
        return await _note(db, await _drop(target, what), by)
    return await _note(db, await _create(target, what, times), by)


async def undo(db: Database, target: Target, change_id: int, by: str) -> int:
    """Note that a change is to be taken back; the id of the change that does so.

    Raises:
        ChangeRefused: there is none, or nothing of it to take back.
    """
    row = await db.row("index_changes.one", id=change_id)
    if row is None or row["target"] != target.name:
        raise ChangeRefused(f"there is no change {change_id} of {target.name}")
    change = IndexChange(**row)
    if not change.may_be_undone:
        raise ChangeRefused(f"change {change_id} is {change.state}: only what was done can be taken back")
    back: dict[str, Any] = {
        "target": change.target,
        "action": "drop" if change.action == "create" else "create",
        "schema_name": change.schema_name,
        "table_name": change.table_name,
        "index_name": change.index_name,
        "columns": Jsonb(change.columns) if change.columns is not None else None,
        "definition": change.definition,
        "sql": change.undo_sql,
        "undo_sql": change.sql,
        "undoes": change.id,
        "reason": f"takes back: {change.reason}",
        "statements": Jsonb([]),
    }
    return await _note(db, back, by)


async def changes(db: Database, target: str | None = None, limit: int = 100) -> list[IndexChange]:
    """The newest changes of one database or all, newest first."""
    return [IndexChange(**row) for row in await db.rows("index_changes.newest", target=target, limit=limit)]


async def open_targets(db: Database) -> set[str]:
    """The databases where something is wanted, under way, or to be cleared away, by their name."""
    return {row["target"] for row in await db.rows("index_changes.open_targets")}


def concurrently(definition: str) -> str:
    """An index as its server writes it, made without holding anybody up.

    Raises:
        ChangeRefused: it is none of those that we drop.
    """
    if not definition.startswith(CREATE):
        raise ChangeRefused(f"this index is not one that Subpulse makes again: {definition}")
    return CREATE_CONCURRENTLY + definition.removeprefix(CREATE)


async def index_found(target: Target, schema: str, index: str) -> DictRow | None:
    """An index as it is there: table, is_valid, definition, is_partitioned, is_needed, is_being_made."""
    async with question(target) as session:
        return await session.row("index_changes.found", schema=schema, index=index)


async def _note(db: Database, change: dict[str, Any], by: str) -> int:
    noted = await db.value("index_changes.want", **change, wanted_by=by)
    if noted is None:
        place = {name: change[name] for name in ("target", "schema_name", "index_name")}
        noted = await db.value("index_changes.open_one", **place)
    if noted is None:  # it ended in between
        raise ChangeRefused(f"the index {change['index_name']} has just been changed; look again")
    return int(noted)


async def _create(target: Target, advice: IndexAdvice, times: Times | None) -> dict[str, Any]:
    columns = [
        {"name": column.name, "descending": column.descending, "nulls_first": column.nulls_first}
        for column in advice.definition.columns
    ]
    return {
        "target": target.name,
        "action": "create",
        "schema_name": advice.definition.schema,
        "table_name": advice.definition.table,
        "index_name": advice.name,
        "columns": Jsonb(columns),
        "definition": None,
        "sql": advice.sql,
        "undo_sql": advice.undo_sql,
        "undoes": None,
        "reason": advice.reason,
        "statements": Jsonb(await _before(advice, times)),
    }


async def _before(advice: IndexAdvice, times: Times | None) -> Sequence[dict[str, Any]]:
    now = datetime.now(UTC)
    return [
        {
            "statement": served.asked.statement,
            "text": served.asked.text,
            "calls": served.asked.calls,
            "cost_before": served.cost_before,
            "cost_after": None,
            "before": await timed(times, served.asked.statement, now - TIMED_BEFORE, now),
            "after": None,
        }
        for served in advice.statements
    ]


async def timed(
    times: Times | None, statement: str, since: datetime, until: datetime
) -> dict[str, float] | None:
    """How long a statement took, or None where that is not known."""
    found = await times(statement, since, until) if times is not None else None
    return None if found is None else {"mean_seconds": found[0], "p95_seconds": found[1]}


async def _drop(target: Target, unneeded: UnneededIndex) -> dict[str, Any]:
    found = await index_found(target, unneeded.schema, unneeded.index)
    name = f"{unneeded.schema}.{unneeded.index}"
    if found is None:
        raise ChangeRefused(f"there is no index {name}")
    if found["is_needed"]:
        raise ChangeRefused(
            f"the index {name} keeps values unique or belongs to a constraint: it has to stay"
        )
    if found["is_partitioned"]:
        raise ChangeRefused(f"the index {name} is one of a partitioned table: drop it by hand")
    return {
        "target": target.name,
        "action": "drop",
        "schema_name": unneeded.schema,
        "table_name": found["table"],
        "index_name": unneeded.index,
        "columns": None,
        "definition": found["definition"],
        "sql": drop(unneeded.schema, unneeded.index).as_string(),
        "undo_sql": concurrently(found["definition"]),
        "undoes": None,
        "reason": unneeded.reason,
        "statements": Jsonb([]),
    }
