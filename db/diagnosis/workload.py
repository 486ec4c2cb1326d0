"""What all clients of a database run, as pg_stat_statements counts it, with what Subpulse runs itself marked."""

import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from psycopg import sql
from psycopg.rows import dict_row

from db.diagnosis.abilities import STATEMENTS, Unanswered, abilities, answered
from db.diagnosis.target import Target, question
from db.generic_plans import NAME as EXPLAINED
from db.statements import statements

MOST_STATEMENTS = 500
SLOW_MEAN_SECONDS = 0.02  # PgHero's slow_query_ms and slow_query_calls
SLOW_LEAST_CALLS = 100
RENAMED_TIMES = (1, 11)
"""the first version of the extension in which blk_read_time is called shared_blk_read_time"""

_COMMENTS = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
_VALUES = re.compile(
    r"%\(\w+\)s|\$\d+|'(?:[^']|'')*'|\b\d+(?:\.\d+)?(?:e[+-]?\d+)?\b|\b(?:true|false|null)\b", re.IGNORECASE
)
_FIELD = re.compile(
    r"\bextract ?\( ?(?:\w+|\?) from\b", re.IGNORECASE
)  # PostgreSQL takes `epoch` for a value
_LIST = re.compile(r"\?(?: ?, ?\?)+")  # since PostgreSQL 18 a list of values is told as one
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as one role ran it, values left out.

    Attributes:
        id: PostgreSQL's; the same text has it in all roles.
        is_direct: a client sent it; else a function or procedure ran it.
        rows: that it returned or touched, in all calls.
        read_seconds: of those, spent reading blocks; None unless track_io_timing is on.
        is_ours: whether Subpulse runs it, by its text.
    """

    id: str
    role: str
    is_direct: bool
    text: str
    calls: int
    total_seconds: float
    rows: int
    blocks_hit: int
    blocks_read: int
    read_seconds: float | None
    is_ours: bool

    @property
    def mean_seconds(self) -> float:
        return self.total_seconds / self.calls if self.calls else 0.0

    @property
    def hit_percent(self) -> float | None:
        """Of the blocks it asked for, those found in shared_buffers; None when it asked for none."""
        asked = self.blocks_hit + self.blocks_read
        return 100 * self.blocks_hit / asked if asked else None


@dataclass(frozen=True, slots=True)
class Workload:
    """What was run `since` then, the most time first.

    Attributes:
        hidden_seconds: what roles took whose statements we may not see.
        dropped: how often statements were dropped to make room for others, whose earlier calls are not in it then.
    """

    statements: Sequence[Statement]
    since: datetime
    dropped: int
    hidden_seconds: float


@answered
async def workload(target: Target) -> Workload | Unanswered:
    """What all clients of this database ran, the MOST_STATEMENTS that took most time in all."""
    seen = await abilities(target)
    lack = seen.lack_of(STATEMENTS)
    if lack is not None:
        return lack
    version = tuple(int(part) for part in seen.extensions[STATEMENTS].split(".")[:2])
    names = {
        "schema": sql.Identifier(seen.schemas[STATEMENTS]),
        "read_time": sql.Identifier("shared_blk_read_time" if version >= RENAMED_TIMES else "blk_read_time"),
    }
    asked = _named("statements", names), _named("since", names)
    async with question(target) as session, session.connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(asked[0], {"most": MOST_STATEMENTS})
        rows = await cursor.fetchall()
        await cursor.execute(asked[1])
        counting = await cursor.fetchone()
    assert counting is not None
    ours = our_statements().union(map(fingerprint, asked))
    return Workload(
        [Statement(**row, is_ours=_is_ours(row["text"], ours)) for row in rows if row["id"] is not None],
        **counting,
        hidden_seconds=sum(row["total_seconds"] for row in rows if row["id"] is None),
    )


def _is_ours(text: str, ours: Set[str]) -> bool:
    return fingerprint(text) in ours or EXPLAINED in text


def _named(statement: str, names: dict[str, sql.Identifier]) -> str:
    """The statement with names that differ from server to server, as text, by which it is measured."""
    return sql.SQL(statements()[f"diagnosis_workload.{statement}"]).format(**names).as_string()


@cache
def our_statements() -> frozenset[str]:
    """Fingerprints of every statement that Subpulse has a name for."""
    return frozenset(fingerprint(text) for text in statements().values())


def fingerprint(text: str) -> str:
    """A statement without its values, comments and layout, by which two ways to write it can be compared."""
    bare = _SPACES.sub(" ", _COMMENTS.sub(" ", text.replace("%%", "%"))).strip().rstrip(";").strip()
    bare = bare.replace("( ", "(").replace(" )", ")")
    return _LIST.sub("?", _FIELD.sub("extract(? FROM", _VALUES.sub("?", bare)))


def difference(later: Workload, earlier: Workload) -> Workload:
    """What was run between two readings; all of the later one when counting began anew in between."""
    if later.since != earlier.since:
        return later
    before = {(one.id, one.role, one.is_direct): one for one in earlier.statements}
    found = [_less(one, before.get((one.id, one.role, one.is_direct))) for one in later.statements]
    return Workload(
        sorted((one for one in found if one.calls), key=lambda one: -one.total_seconds),
        later.since,
        later.dropped - earlier.dropped,
        max(later.hidden_seconds - earlier.hidden_seconds, 0.0),
    )


def _less(later: Statement, earlier: Statement | None) -> Statement:
    if earlier is None or earlier.calls > later.calls:  # it was dropped, or reset by itself, and came back
        return later
    both = (later.read_seconds, earlier.read_seconds)
    return replace(
        later,
        calls=later.calls - earlier.calls,
        total_seconds=max(later.total_seconds - earlier.total_seconds, 0.0),
        rows=later.rows - earlier.rows,
        blocks_hit=later.blocks_hit - earlier.blocks_hit,
        blocks_read=later.blocks_read - earlier.blocks_read,
        read_seconds=None if both[0] is None or both[1] is None else max(both[0] - both[1], 0.0),
    )


def slow(found: Iterable[Statement]) -> list[Statement]:
    """Those that take SLOW_MEAN_SECONDS or more on the average of at least SLOW_LEAST_CALLS calls."""
    return [
        one
        for one in found
        if one.mean_seconds >= SLOW_MEAN_SECONDS and one.calls >= SLOW_LEAST_CALLS and one.is_direct
    ]
