"""Replicas and how far they are behind, and slots that hold WAL back."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql

from db.diagnosis.abilities import answered
from db.diagnosis.finding import Finding
from db.diagnosis.target import Target, question
from db.diagnosis.words import duration, size

BEHIND_SECONDS = 60.0
TOO_FAR_BEHIND_SECONDS = 600.0
BEHIND_LEAST_BYTES = 16 * 2**20  # a segment of WAL: an idle server's lag is only old, not large
KEPT_BYTES = 2**30
TOO_MUCH_KEPT_BYTES = 10 * 2**30
LOST = {"unreserved": "may lose WAL that it still needs", "lost": "has lost WAL that it needed"}


@dataclass(frozen=True, slots=True)
class Replica:
    """Who copies this server; what we may not see is None. `behind_bytes` are of WAL not replayed there yet."""

    application: str
    client: str | None
    state: str | None
    synchrony: str | None
    behind_bytes: float | None
    behind_seconds: float | None


@dataclass(frozen=True, slots=True)
class Slot:
    """A promise to keep WAL until somebody has read it; `state` is PostgreSQL's `wal_status`."""

    name: str
    kind: str
    active: bool
    temporary: bool
    state: str | None
    kept_bytes: float | None


@dataclass(frozen=True, slots=True)
class Replication:
    """Replicas and slots of a server, and of one that is a replica itself how long ago its newest data are from;
    None when it has all."""

    replicas: Sequence[Replica]
    slots: Sequence[Slot]
    is_replica: bool
    behind_seconds: float | None


@answered
async def replication(target: Target) -> Replication:
    """Who copies this server, what is kept for whom, and how far it is behind itself."""
    async with question(target) as session:
        replicas = await session.rows("diagnosis_health.replicas")
        slots = await session.rows("diagnosis_health.slots")
        standby = await session.row("diagnosis_health.standby")
    assert standby is not None
    return Replication([Replica(**row) for row in replicas], [Slot(**row) for row in slots], **standby)


def judged(found: Replication) -> list[Finding]:
    """What is wrong with replication."""
    findings = [_behind(one) for one in found.replicas if _is_behind(one)]
    findings += [_slot(one) for one in found.slots if _holds_back(one)]
    if (found.behind_seconds or 0) >= BEHIND_SECONDS:
        findings.append(_late(found.behind_seconds or 0, "This replica"))
    return findings


def _is_behind(one: Replica) -> bool:
    is_late = (one.behind_seconds or 0) >= BEHIND_SECONDS
    return is_late and (one.behind_bytes or 0) >= BEHIND_LEAST_BYTES


def _behind(one: Replica) -> Finding:
    name = one.application or one.client or "unnamed"
    return _late(one.behind_seconds or 0, f"The replica {name}, {size(one.behind_bytes or 0)} of WAL behind,")


def _late(seconds: float, who: str) -> Finding:
    return Finding(
        "bad" if seconds >= TOO_FAR_BEHIND_SECONDS else "watch",
        "Replication lag",
        f"{who} shows what was {duration(seconds)} ago; more than {duration(BEHIND_SECONDS)} is much.",
    )


def _holds_back(one: Slot) -> bool:
    return one.state in LOST or (not one.active and (one.kept_bytes or 0) >= KEPT_BYTES)


def _slot(one: Slot) -> Finding:
    is_bad = one.state in LOST or (one.kept_bytes or 0) >= TOO_MUCH_KEPT_BYTES
    what = LOST.get(one.state or "", f"keeps {size(one.kept_bytes or 0)} of WAL and nobody reads it")
    return Finding(
        "bad" if is_bad else "watch",
        "A replication slot",
        f"The slot {one.name} {what}; more than {size(KEPT_BYTES)} for a slot that is not in use fills the disk in "
        "the end. Drop it only if its reader will not come back.",
        None
        if one.active
        else sql.SQL("SELECT pg_drop_replication_slot({})").format(sql.Literal(one.name)).as_string(),
    )
