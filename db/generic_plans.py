"""The plan that PostgreSQL makes for a statement whatever its parameters are; the statement is never run."""

import re
from typing import Any, cast

import psycopg

from db.errors import one_line
from db.pool import Connection

EXPLAINABLE = re.compile(r"(\s|--.*\n)*(SELECT|INSERT|UPDATE|DELETE|WITH|MERGE)\b", re.IGNORECASE)
UNEXPLAINABLE = "PostgreSQL explains only statements that read or change rows"
Plan = list[dict[str, Any]]
LIMIT_ROWS = 100  # of a LIMIT whose number is a parameter: PostgreSQL would take it for a tenth of all rows
NAME = "subpulse_explained"
_PARAMETER = re.compile(r"%(?:\((?P<name>\w+)\))?[sbt]")
_PLACEHOLDER = re.compile(rf"{_PARAMETER.pattern}|%%")
_LITERAL = re.compile(r"\?(?![|&])")
_LIMIT = re.compile(r"(?P<word>\bLIMIT\s+)(?:%\(\w+\)[sbt]|%[sbt]|\?|\$(?P<number>\d+))", re.IGNORECASE)
_TYPED = re.compile(
    r"\b(?P<type>interval|date|timestamp|timestamptz|time)\s+(?P<parameter>\$\d+)", re.IGNORECASE
)
_NUMBERED = re.compile(r"\$(\d+)")
_ADDED = re.compile(r"[-+]\s*\$(\d+)")
_COMMENT_LINE = re.compile(r"^\s*--[^\n]*\n", re.MULTILINE)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


class NotExplained(Exception):
    """A statement has no plan; the message is why."""


async def generic_plan(connection: Connection, text: str) -> Plan:
    """EXPLAIN (VERBOSE, FORMAT JSON) of a statement, in the connection's transaction.

    PREPARE comes alone in an extended message, which PostgreSQL refuses when it holds a second statement: a text that
    another server told cannot end the transaction and do what it likes. GENERIC_PLAN, known from 16 on, can only come
    in a simple one, and takes parameters that are bound for values.

    Raises:
        NotExplained: it is none that can be explained, or not here.
    """
    if not EXPLAINABLE.match(text):
        raise NotExplained(UNEXPLAINABLE)
    numbered = as_numbered(text)
    try:
        async with connection.transaction(force_rollback=True):
            await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
            await _prepare(connection, numbered)
            try:
                return await _explain(connection, _count(numbered))
            finally:
                await connection.execute(f"DEALLOCATE {NAME}")
    except psycopg.errors.OperationalError as exc:
        if exc.sqlstate is None or exc.sqlstate.startswith(("08", "57P0")):
            raise
        raise NotExplained(_first_line(exc)) from exc
    except psycopg.Error as exc:
        raise NotExplained(_first_line(exc)) from exc


async def _prepare(connection: Connection, numbered: str) -> None:
    """PostgreSQL takes what is subtracted from a time for a time, where its type is not told; it is an interval."""
    try:
        async with connection.transaction():
            await _execute(connection, f"PREPARE {NAME} AS {numbered}", binary=True)
    except psycopg.errors.UndefinedFunction:
        spans = {int(number) for number in _ADDED.findall(numbered)}
        if not spans:
            raise
        types = ", ".join("interval" if at in spans else "unknown" for at in range(1, max(spans) + 1))
        await _execute(connection, f"PREPARE {NAME} ({types}) AS {numbered}", binary=True)


async def _explain(connection: Connection, parameters: int) -> Plan:
    async with connection.transaction():
        nulls = f"({', '.join(['NULL'] * parameters)})" if parameters else ""
        cursor = await _execute(connection, f"EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE {NAME}{nulls}")
        row = await cursor.fetchone()
    assert row is not None
    return cast(Plan, row[0])


async def _execute(connection: Connection, text: str, binary: bool = False) -> psycopg.AsyncCursor[Any]:
    return await connection.execute(text, binary=binary, prepare=False)


def as_numbered(text: str) -> str:
    """The text with PostgreSQL's placeholders instead of psycopg's, and LIMIT_ROWS for a LIMIT's.

    In a text without literals `?` stands for each of them, and `...` for more of a list; elsewhere it is an operator.
    """
    text = _COMMENT_LINE.sub("", text)  # a parameter that only a comment names has no type
    is_without_literals = "'" not in text
    if is_without_literals:
        text = text.replace(", ...", "")
    text = _LIMIT.sub(_with_usual_limit(text), text)
    if is_without_literals:
        text = _numbering(_LITERAL, text)
    if _PARAMETER.search(text):
        text = _numbering(_PLACEHOLDER, text)
    # What counts statements leaves `interval $1` of `interval '1 day'`, which cannot be read.
    return _TYPED.sub(r"\g<parameter>::\g<type>", _without_gap(text))


def _numbering(placeholder: re.Pattern[str], text: str) -> str:
    """Numbers for placeholders, after those that are there; a name has the same each time."""
    taken = max((int(number) for number in _NUMBERED.findall(text)), default=0)
    numbers: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        if found.group() == "%%":
            return "%"
        name = found.groupdict().get("name") or f"at {found.start()}"
        return f"${taken + numbers.setdefault(name, len(numbers) + 1)}"

    return placeholder.sub(number, text)


def _with_usual_limit(text: str) -> Any:
    """A numbered parameter that is used elsewhere too has to stay."""
    uses = _NUMBERED.findall(text)

    def limit(found: re.Match[str]) -> str:
        is_shared = found["number"] is not None and uses.count(found["number"]) > 1
        return found.group() if is_shared else f"{found['word']}{LIMIT_ROWS}"

    return limit


def _without_gap(text: str) -> str:
    """Numbers that follow each other again: PostgreSQL asks for the type of one that is nowhere."""
    used = sorted({int(number) for number in _NUMBERED.findall(text)})
    anew = {number: index for index, number in enumerate(used, 1)}
    return _NUMBERED.sub(lambda found: f"${anew[int(found[1])]}", text)


def _count(text: str) -> int:
    return max((int(number) for number in _NUMBERED.findall(_COMMENT.sub("", text))), default=0)


def _first_line(exc: psycopg.Error) -> str:
    return exc.diag.message_primary or one_line(exc)
