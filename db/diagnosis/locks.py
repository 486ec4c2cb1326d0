"""Who blocks whom, as trees, and the two ways to end it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
from psycopg.rows import DictRow

from db.database import Database
from db.diagnosis.abilities import answered, granting
from db.diagnosis.activity import Backend, backends
from db.diagnosis.finding import Finding
from db.diagnosis.target import Target, question
from db.diagnosis.words import counted, duration

LONG_WAIT_SECONDS = 5.0
TOO_LONG_WAIT_SECONDS = 60.0
PREPARED = 0
"""the process id that PostgreSQL gives for a prepared transaction"""


@dataclass(frozen=True, slots=True)
class Wait:
    """What a backend waits for.

    Attributes:
        mode: of the lock, such as `AccessExclusiveLock`.
        kind: what is locked, such as `relation` or `transactionid` (the end of another's transaction).
        relation: with its schema; None where the lock is on none.
        since: None for the first milliseconds.
        blocked_by: process ids; 0 is a prepared transaction.
    """

    pid: int
    mode: str
    kind: str
    relation: str | None
    since: datetime | None
    seconds: float
    blocked_by: Sequence[int]


@dataclass(frozen=True, slots=True)
class Holder:
    """One backend in a tree of those that wait: what it is, what it waits for, and who waits for it.

    `backend` is None for a prepared transaction (process id 0), and for one that we may not see.
    """

    pid: int
    backend: Backend | None
    wait: Wait | None
    blocks: Sequence["Holder"]

    @property
    def waiting(self) -> int:
        """How many wait for it, directly or behind others."""
        return sum(1 + each.waiting for each in self.blocks)

    @property
    def longest_seconds(self) -> float:
        """How long the longest of them has waited."""
        return max((max(_seconds(each), each.longest_seconds) for each in self.blocks), default=0.0)

    @property
    def name(self) -> str:
        if self.backend is not None:
            return self.backend.name
        return "A prepared transaction" if self.pid == PREPARED else f"process {self.pid}"


@dataclass(frozen=True, slots=True)
class Blocked:
    """How many have waited for a lock for long, and how long the longest of them has."""

    count: int = 0
    longest_seconds: float = 0.0


async def blocked(db: Database) -> Blocked:
    """Those of our own database that have waited LONG_WAIT_SECONDS: one statement of some 0.2 ms, for the pulse.

    Raises:
        DatabaseDown: it is away.
    """
    row = await db.row("diagnosis_locks.blocked", least=timedelta(seconds=LONG_WAIT_SECONDS))
    assert row is not None  # it counts
    return Blocked(**row)


@answered
async def blocking(target: Target) -> list[Holder]:
    """A tree for each backend of this database that blocks others and waits for none; a deadlock begins at one of
    those in it. Whoever waits for several stands under one that waits for none, where there is one."""
    async with question(target) as session:
        waits = {row["pid"]: Wait(**row) for row in await session.rows("diagnosis_locks.waiting")}
        pids = {*waits, *(pid for wait in waits.values() for pid in wait.blocked_by)} - {PREPARED}
        found = {one.pid: one for one in await backends(target, session, sorted(pids))} if pids else {}
    return _trees({pid: wait for pid, wait in waits.items() if wait.blocked_by}, found)


def _trees(waits: Mapping[int, Wait], found: Mapping[int, Backend]) -> list[Holder]:
    below: dict[int, list[int]] = {}
    for pid, wait in waits.items():
        at_rest = [one for one in wait.blocked_by if one not in waits]
        below.setdefault((at_rest or list(wait.blocked_by))[0], []).append(pid)
    placed: set[int] = set()

    def holder(pid: int) -> Holder:
        placed.add(pid)
        under = [holder(one) for one in below.get(pid, ()) if one not in placed]
        return Holder(pid, found.get(pid), waits.get(pid), tuple(under))

    trees = [holder(pid) for pid in below if pid not in waits]
    trees += [holder(pid) for pid in waits if pid not in placed]  # each waits for another: a deadlock
    return sorted(trees, key=lambda tree: -tree.longest_seconds)


def _seconds(holder: Holder) -> float:
    return holder.wait.seconds if holder.wait is not None else 0.0


def judged(trees: Sequence[Holder]) -> list[Finding]:
    """What is wrong with who blocks whom."""
    return [_blocks(tree) for tree in trees if tree.longest_seconds >= LONG_WAIT_SECONDS]


def _blocks(tree: Holder) -> Finding:
    waiting = counted(tree.waiting, "other waits", "others wait")
    return Finding(
        "bad" if tree.longest_seconds >= TOO_LONG_WAIT_SECONDS else "watch",
        "A blocked statement",
        f"{tree.name} holds a lock for which {waiting}, the longest for {duration(tree.longest_seconds)}; more than "
        f"{duration(LONG_WAIT_SECONDS)} is long.",
        None if tree.pid == PREPARED else f"SELECT pg_terminate_backend({tree.pid})",
    )


@dataclass(frozen=True, slots=True)
class Ended:
    """Whether a backend was told to stop, in a sentence, and what to run where a right is missing."""

    done: bool
    sentence: str
    remedy: str | None = None


async def cancel(target: Target, pid: int, backend_start: datetime) -> Ended:
    """Ask the backend to give up the statement that it runs; its transaction fails and its connection stays.

    Raises:
        DatabaseDown: the server is away.
    """
    return await _signal(target, "cancel", "was asked to give up its statement", pid, backend_start)


async def terminate(target: Target, pid: int, backend_start: datetime) -> Ended:
    """End the backend, its transaction and its connection.

    Raises:
        DatabaseDown: the server is away.
    """
    return await _signal(target, "terminate", "was asked to end", pid, backend_start)


async def _signal(target: Target, how: str, said: str, pid: int, backend_start: datetime) -> Ended:
    try:
        async with question(target) as session:
            row = await session.row(f"diagnosis_locks.{how}", pid=pid, backend_start=backend_start)
    except psycopg.errors.InsufficientPrivilege as exc:
        why = exc.diag.message_primary or "no right to do so"
        return Ended(False, f"Process {pid} goes on: {why}.", granting(target, "pg_signal_backend"))
    refusal = _refusal(target, pid, row)
    if refusal is not None:
        return refusal
    assert row is not None
    if not row["done"]:
        return Ended(False, f"Process {pid} could not be reached; it has probably ended.")
    return Ended(True, f"Process {pid} {said}.")


def _refusal(target: Target, pid: int, row: DictRow | None) -> Ended | None:
    if row is None or row["same"] is False:
        return Ended(False, f"Process {pid} has ended meanwhile.")
    if row["same"] is None:
        return Ended(
            False,
            f"Whose process {pid} is cannot be seen, so it is left alone.",
            granting(target, "pg_read_all_stats"),
        )
    if row["own"]:
        return Ended(False, f"Process {pid} is the connection that asks.")
    if not row["may_be"]:
        return Ended(False, f"Process {pid} is one of PostgreSQL's own, which is left alone.")
    return None
