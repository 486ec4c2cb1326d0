"""Alerts: a rule's state changes by compare-and-set, and each change is kept until it was sent."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from psycopg.rows import DictRow

from db.database import Database
from db.instances import SILENCE

State = Literal["ok", "firing"]
SEND_ATTEMPTS = 5  # the last one some twenty minutes after the first
NEWS = timedelta(hours=1)  # what could not be sent in this time is not sent any more


@dataclass(frozen=True, slots=True)
class Change:
    """A rule that leaves one state for another, with the reading that made it."""

    rule: str
    instance: str
    old: State
    new: State
    value: float
    threshold: float
    message: str
    freed_bytes: int | None = None


async def state(db: Database, rule: str, instance: str) -> State:
    """The rule's present state for one process (or '' for all)."""
    await db.execute("alerts.ensure_state", rule=rule, instance=instance)
    return await db.value("alerts.state", rule=rule, instance=instance)  # type: ignore[no-any-return]


async def change(db: Database, change: Change) -> bool:
    """Change the state if it still is `old`; False when another process was first."""
    row = await db.row(
        "alerts.change_state",
        rule=change.rule,
        instance=change.instance,
        old=change.old,
        new=change.new,
        value=change.value,
        threshold=change.threshold,
        message=change.message,
        freed_bytes=change.freed_bytes,
    )
    return row is not None


async def firing(db: Database) -> list[DictRow]:
    """What fires at present, longest first."""
    return await db.rows("alerts.firing")


async def resolve_gone(db: Database) -> int:
    """End the alerts of processes that no longer exist; how many."""
    return await db.execute("alerts.resolve_gone", silence=SILENCE)
