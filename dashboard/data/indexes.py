"""Indexes of a database: those that are there, those that are missing, and what was done about them."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from dashboard.data.bridge import (
    ANSWER_SECONDS,
    ActionFailed,
    Unavailable,
    asked,
    connection,
    only_if_allowed,
)
from dashboard.data.jobs import can_control_jobs, run_job
from dashboard.data.postgresql import PAGE, ask
from dashboard.kept import forget, kept
from db import statement_times
from db.advice import changes as changing
from db.advice import missing
from db.advice.advice import Advised, IndexAdvice
from db.advice.changes import IndexChange, UnneededIndex
from db.advice.gathered import statements_asked
from db.database import Database
from db.diagnosis import coverage as reading
from db.diagnosis import growth, indexes
from db.diagnosis.abilities import Unanswered, abilities
from db.diagnosis.coverage import Coverage
from db.diagnosis.indexes import Index, Unneeded
from db.diagnosis.target import Target
from db.errors import DatabaseError

__all__ = [
    "Advised",
    "Coverage",
    "Index",
    "IndexAdvice",
    "IndexChange",
    "Unneeded",
    "advised",
    "changes",
    "coverage",
    "coverage_of_all",
    "drop",
    "made",
    "make",
    "take_back",
    "unneeded",
]

BY_WHOM = "the Database page"
PLANNING_SECONDS = ANSWER_SECONDS / 2  # the rest is for asking what was run, and for checking what is advised
coverage_of_all = reading.coverage_of_all


@kept(seconds=30, entries=20)
def made(name: str) -> list[Index] | Unanswered:
    """Every index, the largest first."""
    return ask(name, indexes.indexes)


@kept(seconds=30, entries=20)
def coverage(name: str) -> list[Coverage] | Unanswered:
    """How rows of large tables were read, the most scanned table first."""
    return ask(name, reading.coverage)


@kept(seconds=30, entries=20)
def unneeded(name: str) -> list[Unneeded] | Unanswered:
    """Indexes that are half made, doubled or unused, each with the reason."""

    async def judged(target: Target) -> list[Unneeded] | Unanswered:
        found, counted = await indexes.indexes(target), await indexes.counting(target)
        if isinstance(found, Unanswered):
            return found
        if isinstance(counted, Unanswered):
            return indexes.unneeded(found, None)
        known = await growth.first_seen(_own(), name)
        return indexes.unneeded(found, indexes.unused(found, counted, known))

    return ask(name, judged)


@kept(seconds=300, entries=20)
def advised(name: str) -> Advised | Unanswered:
    """Indexes that the statements of the last days lack, the most seconds first; nothing is run but EXPLAIN."""

    async def looked(target: Target) -> Advised:
        statements, able = await statements_asked(target), await abilities(target)
        return await missing.missing_indexes(target, statements, able, PLANNING_SECONDS)

    return ask(name, looked)


@kept(seconds=5, entries=20)
def changes(name: str) -> list[IndexChange]:
    """What was made and dropped by Subpulse, newest first."""
    return asked(PAGE, lambda db: changing.changes(db, name))


def make(name: str, advice: IndexAdvice) -> None:
    """Have an advised index made.

    Raises:
        ActionFailed: with the reason.
    """

    async def wanted(target: Target) -> int:
        return await changing.want(_own(), target, advice, BY_WHOM, _times)

    _want(name, wanted)


def drop(name: str, index: Index, reason: str) -> None:
    """Have an index dropped.

    Raises:
        ActionFailed: with the reason.
    """
    what = UnneededIndex(index.schema_name, index.index_name, reason)

    async def wanted(target: Target) -> int:
        return await changing.want(_own(), target, what, BY_WHOM)

    _want(name, wanted)


def take_back(name: str, change: IndexChange) -> None:
    """Have a change undone.

    Raises:
        ActionFailed: with the reason.
    """

    async def wanted(target: Target) -> int:
        return await changing.undo(_own(), target, change.id, BY_WHOM)

    _want(name, wanted)


async def _times(statement: str, since: datetime, until: datetime) -> tuple[float, float] | None:
    return await statement_times.usual(_own(), statement, since, until)


def _want(name: str, wanted: Callable[[Target], Awaitable[int]]) -> None:
    """Note it, and let the job that does it begin at once."""
    only_if_allowed()
    try:
        answer = ask(name, wanted)
    except Unavailable as exc:
        raise ActionFailed(f"the database does not answer: {exc.reason}") from exc
    except DatabaseError as exc:
        raise ActionFailed(str(exc)) from exc
    finally:
        forget()
    if isinstance(answer, Unanswered):
        raise ActionFailed(answer.reason)
    if can_control_jobs():
        run_job("change_indexes")


def _own() -> Database:
    there = connection()
    assert there is not None  # else nobody would have asked for an answer
    return there.database
