"""How PostgreSQL would run a statement: EXPLAIN (FORMAT JSON), on nobody's time, and never with a value in it.

Nothing is executed: EXPLAIN only plans, in a read-only transaction that is rolled back. With the parameters still in
memory the plan is the one they get; without them it is the generic one (db/generic_plans.py).
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg

from db.attribution import asked_by
from db.database import Database, Session
from db.generic_plans import EXPLAINABLE, UNEXPLAINABLE, NotExplained, Plan, generic_plan
from db.pool import Connection

_LITERAL = re.compile(r"'(?:[^']|'')*'|(?<![\w$.])\d+(?:\.\d+)?")

Answer = tuple[Plan | None, str | None]


async def explain(db: Database, text: str, params: Any = None) -> Answer:
    """(the plan that these parameters get, None), or (None, why there is none, on one line).

    Raises:
        DatabaseDown: PostgreSQL is away.
    """

    async def planned(connection: Connection) -> Any:
        # Asking for a binary answer takes the protocol in which one message can hold one statement only.
        cursor = await connection.execute(
            b"EXPLAIN (FORMAT JSON) " + text.encode(), params, prepare=False, binary=True
        )
        row = await cursor.fetchone()
        return row[0] if row else None

    return await _answer(db, text, planned)


async def explain_generic(db: Database, text: str) -> Answer:
    """The same for whichever parameters: of a text whose values nobody kept.

    Raises:
        DatabaseDown: PostgreSQL is away.
    """
    return await _answer(db, text, lambda connection: generic_plan(connection, text))


async def _answer(db: Database, text: str, planned: Callable[[Connection], Awaitable[Any]]) -> Answer:
    if not EXPLAINABLE.match(text):
        return None, UNEXPLAINABLE
    with asked_by("slow query log"):
        async with db.connection() as connection:
            try:
                async with connection.transaction(force_rollback=True):
                    await Session(connection).execute("plans.limit")
                    plan = await planned(connection)
            except NotExplained as exc:
                return None, str(exc)
            except psycopg.Error as exc:
                if connection.broken:
                    raise
                return None, _why(exc)
    return without_values(plan), None


def _why(exc: psycopg.Error) -> str:
    """On one line; what is said of data repeats the data."""
    if isinstance(exc, psycopg.DataError):
        return f"a value of it cannot be planned with ({type(exc).__name__})"
    return " ".join((exc.diag.message_primary or str(exc)).split())


def without_values(plan: Any, key: str = "") -> Any:
    """The plan with every literal in its conditions as `?`, for PostgreSQL writes parameters into them."""
    if isinstance(plan, dict):
        return {key: without_values(value, key) for key, value in plan.items()}
    if isinstance(plan, list):
        return [without_values(value, key) for value in plan]
    if isinstance(plan, str) and not key.endswith(("Name", "Alias")):
        return _LITERAL.sub("?", plan)
    return plan
