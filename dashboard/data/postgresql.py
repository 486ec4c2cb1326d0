"""Any PostgreSQL that is looked at: what it says of itself, what is judged of it, and what a viewer may do to it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from dashboard.data.bridge import (
    WHY_NOT,
    ActionFailed,
    Unavailable,
    asked,
    connection,
    may_act,
    only_if_allowed,
)
from dashboard.kept import forget, kept
from db import samples
from db.database import Database
from db.diagnosis import abilities as abilities_of
from db.diagnosis import (
    activity,
    findings,
    growth,
    health,
    locks,
    replication,
    tables,
    workload,
    wraparound,
)
from db.diagnosis import (
    pool as pools,
)
from db.diagnosis.abilities import Abilities, Lack, Unanswered
from db.diagnosis.activity import Activity, Backend, ConnectionCount
from db.diagnosis.finding import Finding
from db.diagnosis.findings import Verdict
from db.diagnosis.growth import Growth
from db.diagnosis.health import Counters
from db.diagnosis.locks import Ended, Holder
from db.diagnosis.pool import Pool
from db.diagnosis.replication import Replication
from db.diagnosis.tables import TableSize, Upkeep
from db.diagnosis.target import OWN, Target
from db.diagnosis.workload import Workload
from db.diagnosis.wraparound import Age
from db.errors import DatabaseDown

__all__ = [
    "OWN",
    "WHY_NOT",
    "Abilities",
    "Activity",
    "Age",
    "Backend",
    "ConnectionCount",
    "Counters",
    "Ended",
    "Finding",
    "Growth",
    "Holder",
    "Lack",
    "Pool",
    "PoolVerdict",
    "Replication",
    "TableSize",
    "Unanswered",
    "Upkeep",
    "Verdict",
    "Workload",
    "abilities",
    "ages",
    "blocking",
    "cancel_statement",
    "clients",
    "connections",
    "counters",
    "end_connection",
    "grown",
    "in_the_strip",
    "may_act",
    "of_all_clients",
    "pool",
    "replicas",
    "table_sizes",
    "targets",
    "upkeep",
    "verdict",
]

PAGE = "database"
SLOW_QUERIES = "Slow queries"  # the verdict's word; its others are findings of their own
T = TypeVar("T")


def targets() -> Sequence[str]:
    """Names of the databases that are looked at, our own first."""
    return tuple(there.targets) if (there := connection()) else (OWN,)


def ask(name: str, question: Callable[[Target], Awaitable[T]]) -> T | Unanswered:
    """What a database answers; one that is away, other than our own, says so in its place.

    Raises:
        Unavailable: our own PostgreSQL does not answer.
    """

    async def answer(_: Database) -> T | Unanswered:
        there = connection()
        assert there is not None  # else nobody would have asked for an answer
        target = there.targets[name]
        try:
            return await question(target)
        except DatabaseDown as exc:
            if target.is_own:
                raise
            return Unanswered(f"{name} does not answer: {exc}")

    return asked(PAGE, answer)


@kept(seconds=60, entries=20)
def abilities(name: str) -> Abilities | Unanswered:
    """What the server has and lets us see, and what is lacking."""
    return ask(name, abilities_of.abilities)


def in_the_strip(name: str) -> list[Finding]:
    """What the overview says of our own slow statements while it warns of them, so that whoever followed it finds it
    here."""
    there = connection()
    if there is None or name != OWN:
        return []
    return [
        Finding(
            "watch",
            one["word"],
            f"This process: {one['detail']}. Slow statements shows which, with their plans.",
        )
        for one in there.present().get("verdicts", ())
        if one["name"] == "Database" and one["word"] == SLOW_QUERIES
    ]


@kept(seconds=10, entries=20)
def verdict(name: str) -> Verdict | Unanswered:
    """What is wrong with a database, the bad first, and what could not be judged."""

    async def judged(target: Target) -> Verdict:
        there = connection()
        assert there is not None
        return await findings.verdict(
            target, there.database, await samples.machine_memory_bytes(there.database)
        )

    return ask(name, judged)


@kept(seconds=10, entries=20)
def counters(name: str) -> Counters | Unanswered:
    """What the database has counted: blocks, temporary files, deadlocks, connections; and its size."""
    return ask(name, health.counters)


@kept(seconds=60, entries=20)
def ages(name: str) -> list[Age] | Unanswered:
    """How far each database of the server is from running out of transaction ids, the oldest first."""
    return ask(name, wraparound.ages)


@kept(seconds=10, entries=20)
def replicas(name: str) -> Replication | Unanswered:
    """Who copies the server, and how far they are behind."""
    return ask(name, replication.replication)


@kept(seconds=30, entries=20)
def table_sizes(name: str) -> list[TableSize] | Unanswered:
    """Every judged table, the largest first."""
    return ask(name, tables.sizes)


@kept(seconds=30, entries=20)
def upkeep(name: str) -> list[Upkeep] | Unanswered:
    """What vacuum and ANALYZE have to do, table by table and partition by partition."""
    return ask(name, tables.upkeep)


@kept(seconds=60, entries=20)
def grown(name: str, since: datetime, until: datetime) -> list[Growth]:
    """How the database and its tables grew between two days, most first."""
    return asked(PAGE, lambda db: growth.growth(db, name, since, until))


@kept(seconds=10, entries=20)
def of_all_clients(name: str) -> Workload | Unanswered:
    """What all clients of a database ran, as pg_stat_statements counts it."""
    return ask(name, workload.workload)


@kept(seconds=2, entries=20)
def connections(name: str) -> list[ConnectionCount] | Unanswered:
    """Connections to the whole server, those alike together, the most first."""
    return ask(name, activity.connections)


@kept(seconds=2, entries=20)
def clients(name: str) -> Activity | Unanswered:
    """What clients of this database do at present, the oldest transaction first."""
    return ask(name, activity.activity)


@kept(seconds=2, entries=20)
def blocking(name: str) -> list[Holder] | Unanswered:
    """Who blocks whom, a tree for each that waits for nobody, the longest wait first."""
    return ask(name, locks.blocking)


@dataclass(frozen=True, slots=True)
class PoolVerdict:
    """Our own pool of connections, and what is wrong with it."""

    pool: Pool
    findings: Sequence[Finding]


@kept(seconds=2, entries=1)
def pool() -> PoolVerdict:
    """Our own pool, as this process has it at this moment."""
    found = asked(PAGE, pools.pool)
    return PoolVerdict(found, pools.judged(found))


def cancel_statement(name: str, pid: int, backend_start: datetime) -> Ended:
    """Ask a backend to give up what it runs.

    Raises:
        ActionFailed: with the reason.
    """
    return _signalled(name, lambda target: locks.cancel(target, pid, backend_start))


def end_connection(name: str, pid: int, backend_start: datetime) -> Ended:
    """End a backend and its transaction.

    Raises:
        ActionFailed: with the reason.
    """
    return _signalled(name, lambda target: locks.terminate(target, pid, backend_start))


def _signalled(name: str, deed: Callable[[Target], Awaitable[Ended]]) -> Ended:
    only_if_allowed()
    try:
        ended = ask(name, deed)
    except Unavailable as exc:
        raise ActionFailed(f"the database does not answer: {exc.reason}") from exc
    finally:
        forget()
    if isinstance(ended, Unanswered):
        raise ActionFailed(ended.reason)
    return ended
