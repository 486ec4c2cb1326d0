"""Probes: what to ask of the operator's other services, how each stands, and when it was out."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from db.database import Database
from db.probe_definition import Definition, of_row

State = Literal["unknown", "up", "down"]
TICK = timedelta(seconds=10)  # how often whoever checks looks for what is due
GRACE = timedelta(seconds=30)  # a lease lasts so much longer than the check may
KEEP_OUTAGES = timedelta(days=730)  # as long as latency is kept
MOST_REASONS = 10  # of one outage
MOST_OUTAGES = 500  # in one list


@dataclass(frozen=True, slots=True)
class Standing:
    """How a probe stands: its state, since when, and the latest checks in a row that speak against it."""

    state: State
    since: datetime
    contrary: int = 0
    contrary_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """A probe that is this process's to check until `lease`."""

    id: int
    definition: Definition
    standing: Standing
    revision: int
    lease: datetime


@dataclass(frozen=True, slots=True)
class Check:
    """What one check found; `reason` says why it failed, None when it did not."""

    at: datetime
    seconds: float
    status: int | None = None
    reason: str | None = None
    tls_ends_at: datetime | None = None


def label(probe_id: int) -> str:
    """The route under which a probe's checks are counted; it survives a new name."""
    return f"probe {probe_id}"


async def all_of_them(db: Database) -> list[DictRow]:
    """Every probe as a row, with `outage_began_at` and `outage_ended_at` of its last outage; what is down first."""
    return await db.rows("probes.all")


async def one(db: Database, probe_id: int) -> DictRow | None:
    """One probe, or None when it was deleted."""
    return await db.row("probes.one", id=probe_id)


async def add(db: Database, definition: Definition) -> int | None:
    """The new probe's id, None when its name is taken."""
    return await db.value("probes.add", **_parameters(definition))  # type: ignore[no-any-return]


async def change(db: Database, probe_id: int, definition: Definition) -> bool:
    """Ask something else from now on; False when another has that name, or the probe was deleted."""
    return await db.execute("probes.change", id=probe_id, **_parameters(definition)) > 0


async def pause(db: Database, probe_id: int) -> None:
    """Check it no more until resumed; an outage that lasts ends now."""
    await db.execute("probes.pause", id=probe_id)


async def resume(db: Database, probe_id: int) -> None:
    """Check it again, at once."""
    await db.execute("probes.resume", id=probe_id)


async def remove(db: Database, probe_id: int) -> bool:
    """Forget a probe and its outages; False when it was gone already."""
    return await db.execute("probes.remove", id=probe_id) > 0


async def claim(db: Database, limit: int) -> list[Probe]:
    """Probes that are due, reserved for the caller alone."""
    rows = await db.rows("probes.claim", limit=limit, half_tick=TICK / 2, grace=GRACE)
    return [
        Probe(
            row["id"],
            of_row(row),
            Standing(row["state"], row["since"], row["contrary"], row["contrary_since"]),
            row["revision"],
            row["leased_until"],
        )
        for row in rows
    ]


async def store(db: Database, probe: Probe, check: Check, after: Standing) -> bool:
    """Keep what a check found; False when the probe was changed, paused or deleted meanwhile."""
    async with db.transaction() as session:
        stored = await session.row(
            "probes.store", id=probe.id, revision=probe.revision, lease=probe.lease, retry=TICK,
            **asdict(check), **asdict(after),
        )  # fmt: skip
        if stored is None:
            return False
        if after.state == "down" and probe.standing.state != "down":
            await session.execute("probes.begin_outage", id=probe.id, at=after.since, reason=check.reason)
        elif after.state == "down" and check.reason is not None:
            await session.execute("probes.note_reason", id=probe.id, reason=check.reason, most=MOST_REASONS)
        elif after.state == "up" and probe.standing.state == "down":
            await session.execute("probes.end_outage", id=probe.id, at=after.since)
    return True


async def outages(db: Database, probe_id: int, since: datetime, until: datetime) -> list[DictRow]:
    """A probe's outages that touch a range, newest first: began_at, ended_at (None: it lasts), reasons."""
    return await db.rows("probes.outages", id=probe_id, since=since, until=until, limit=MOST_OUTAGES)


async def forget_old(db: Database) -> int:
    """Forget outages of more than two years ago; how many."""
    return await db.execute("probes.forget_old", keep=KEEP_OUTAGES)


async def alerts_due(db: Database) -> list[DictRow]:
    """Probes whose alerts do not say how they stand."""
    return await db.rows("probes.alerts_due")


async def alerts_without_probe(db: Database) -> list[str]:
    """Rules that fire for probes that were deleted."""
    return [row["rule"] for row in await db.rows("probes.alerts_without_probe")]


def _parameters(definition: Definition) -> Mapping[str, Any]:
    return {**asdict(definition), "headers": Jsonb(dict(definition.headers))}
