"""How PostgreSQL would run a statement: EXPLAIN (FORMAT JSON), on nobody's time, and never with a value in it.

Nothing is executed: EXPLAIN only plans, in a read-only transaction that is rolled back. With the parameters still in
memory the plan is the one they get; without them it is the generic one.
"""

import re
from collections.abc import Mapping
from typing import Any

import psycopg

from db.attribution import asked_by
from db.database import Database, Session
from db.normalized import normalized
from db.pool import Connection

EXPLAINABLE = re.compile(r"(\s|--.*\n)*(SELECT|INSERT|UPDATE|DELETE|WITH|MERGE)\b", re.IGNORECASE)
UNEXPLAINABLE = "PostgreSQL explains only statements that read or change rows"
GENERIC_PLAN_SINCE = 160000
PREPARED = "subpulse_explained"
CASTS = {
    "timedelta": "interval",
    "datetime": "timestamptz",
    "date": "date",
    "float": "float8",
    "bool": "boolean",
}
_LITERAL = re.compile(r"'(?:[^']|'')*'|(?<![\w$.])\d+(?:\.\d+)?")
_PARAMETER = re.compile(r"%%|%\(([^)]*)\)[sbt]|%[sbt]|(\?)")
_NUMBERED = re.compile(r"\$(\d+)")

Plan = list[dict[str, Any]]
Answer = tuple[Plan | None, str | None]


async def explain(db: Database, text: str, params: Any = None) -> Answer:
    """(the plan that these parameters get, None), or (None, why there is none, on one line).

    Raises:
        DatabaseDown: PostgreSQL is away.
    """

    async def planned(connection: Connection) -> Any:
        return await _alone(connection.cursor(), f"EXPLAIN (FORMAT JSON) {text}", params)

    return await _answer(db, text, planned, "auto")


async def explain_generic(db: Database, text: str, types: Mapping[str, str] | None = None) -> Answer:
    """The same for whichever parameters: of a text out of the table `statements`, whose values nobody kept.

    Args:
        types: of its parameters in Python, as the slow query log has them. Without them PostgreSQL has to guess, and
            guesses wrong where both a time and a span of time are possible.

    Raises:
        DatabaseDown: PostgreSQL is away.
    """
    numbered, count = with_numbers(text, types or {})

    async def planned(connection: Connection) -> Any:
        cursor = psycopg.AsyncRawCursor(connection)  # which takes $1 for a parameter
        if connection.info.server_version >= GENERIC_PLAN_SINCE:
            return await _alone(cursor, f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {numbered}", [None] * count)
        await _alone(cursor, f"PREPARE {PREPARED} AS {numbered}")
        given = f"({', '.join(['NULL'] * count)})" if count else ""
        return await _alone(cursor, f"EXPLAIN (FORMAT JSON) EXECUTE {PREPARED}{given}")

    return await _answer(db, text, planned, "force_generic_plan")


async def _alone(cursor: psycopg.AsyncCursor[Any], text: str, params: Any = None) -> Any:
    """Asking for a binary answer takes the protocol in which one message can hold one statement only."""
    return await cursor.execute(text.encode(errors="replace"), params, prepare=False, binary=True)


async def _answer(db: Database, text: str, planned: Any, plan_cache_mode: str) -> Answer:
    if not EXPLAINABLE.match(text):
        return None, UNEXPLAINABLE
    with asked_by("slow query log"):
        async with db.connection() as connection:
            try:
                async with connection.transaction(force_rollback=True):
                    await Session(connection).execute("plans.limit", plan_cache_mode=plan_cache_mode)
                    row = await (await planned(connection)).fetchone()
            except psycopg.Error as exc:
                if connection.broken:
                    raise
                return None, _why(exc)
            finally:
                await _forget(connection)
    return without_values(row[0]), None


async def _forget(connection: Connection) -> None:
    """A prepared statement outlives its transaction."""
    if connection.broken or connection.info.server_version >= GENERIC_PLAN_SINCE:
        return
    if await Session(connection).value("plans.is_prepared", name=PREPARED):
        await connection.execute(f"DEALLOCATE {PREPARED}".encode())


def _why(exc: psycopg.Error) -> str:
    """On one line; what is said of data repeats the data."""
    if isinstance(exc, psycopg.DataError):
        return f"a value of it cannot be planned with ({type(exc).__name__})"
    return " ".join((exc.diag.message_primary or str(exc)).split())


def with_numbers(text: str, types: Mapping[str, str]) -> tuple[str, int]:
    """A text with `$1`, `$2` … for its parameters, and how many those are; each name has one number.

    Where the Python type of a parameter is known and says more than PostgreSQL could guess, it is cast to it.

    In a normalized text (db/normalized.py) `?` stands for a literal and becomes a parameter too; in one of ours it is
    an operator of jsonb.
    """
    stands_for_literals = text == normalized(text)
    names: dict[str, int] = {}
    taken = max(map(int, _NUMBERED.findall(text)), default=0)

    def number(found: "re.Match[str]") -> str:
        if found[0] == "%%":
            return "%"
        if found[2] and not stands_for_literals:
            return "?"
        name = found[1] or str(len(names) + 1)
        cast = CASTS.get(types.get(name, ""))
        return f"${taken + names.setdefault(name, len(names) + 1)}" + (f"::{cast}" if cast else "")

    return _PARAMETER.sub(number, text), taken + len(names)


def without_values(plan: Any, key: str = "") -> Any:
    """The plan with every literal in its conditions as `?`, for PostgreSQL writes parameters into them."""
    if isinstance(plan, dict):
        return {key: without_values(value, key) for key, value in plan.items()}
    if isinstance(plan, list):
        return [without_values(value, key) for value in plan]
    if isinstance(plan, str) and not key.endswith(("Name", "Alias")):
        return _LITERAL.sub("?", plan)
    return plan
