"""Any PostgreSQL that is looked at: what it says of itself, what is judged of it, and what a viewer may do to it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

from dashboard.data.bridge import ActionFailed, Unavailable, asked, connection
from dashboard.kept import forget, kept
from db.database import Database
from db.diagnosis import abilities as abilities_of
from db.diagnosis import activity, locks
from db.diagnosis.abilities import Abilities, Lack, Unanswered
from db.diagnosis.activity import Activity, Backend, ConnectionCount
from db.diagnosis.finding import Finding
from db.diagnosis.locks import Ended, Holder
from db.diagnosis.target import OWN, Target
from db.errors import DatabaseDown

__all__ = [
    "OWN",
    "WHY_NOT",
    "Abilities",
    "Activity",
    "Backend",
    "ConnectionCount",
    "Ended",
    "Finding",
    "Holder",
    "Lack",
    "Unanswered",
    "abilities",
    "blocking",
    "cancel_statement",
    "clients",
    "connections",
    "end_connection",
    "may_act",
    "targets",
]

PAGE = "database"
WHY_NOT = "Only while Subpulse listens on this machine alone; DATABASE_ACTIONS=on allows it elsewhere"
T = TypeVar("T")


def targets() -> Sequence[str]:
    """Names of the databases that are looked at, our own first."""
    return tuple(there.targets) if (there := connection()) else (OWN,)


def may_act() -> bool:
    """Whether viewers may cancel statements, end connections and change indexes."""
    return True


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
    try:
        ended = ask(name, deed)
    except Unavailable as exc:
        raise ActionFailed(f"the database does not answer: {exc.reason}") from exc
    finally:
        forget()
    if isinstance(ended, Unanswered):
        raise ActionFailed(ended.reason)
    return ended
