"""Job runs: what ran, when, how long, with how much memory, and how it ended."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from db.database import Database
from db.instances import SILENCE

Outcome = Literal["running", "succeeded", "failed", "lost", "missed", "skipped"]


@dataclass(frozen=True, slots=True)
class Finish:
    """How a run went: seconds of wall and CPU time, bytes of resident memory."""

    outcome: Outcome
    finished_at: datetime
    wall_seconds: float
    cpu_seconds: float
    memory_peak: int
    memory_after: int
    items: int | None
    error: str | None


async def start(
    db: Database,
    job: str,
    instance: str,
    started_at: datetime,
    memory_before: int,
    arguments: dict[str, Any],
    queue_id: int | None,
) -> int:
    """Note that a run has begun; its number."""
    return int(
        await db.value(
            "runs.start",
            job=job,
            instance=instance,
            started_at=started_at,
            memory_before=memory_before,
            arguments=Jsonb(arguments),
            queue_id=queue_id,
        )
    )


async def finish(db: Database, run_id: int, how: Finish) -> None:
    await db.execute("runs.finish", id=run_id, **asdict(how))


async def note_absent(
    db: Database, job: str, instance: str, outcome: Outcome, at: datetime, error: str
) -> None:
    """Note a start that did not happen: `missed` or `skipped`."""
    await db.execute("runs.note_absent", job=job, instance=instance, outcome=outcome, at=at, error=error)


async def mark_lost(db: Database, me: str, dead: list[str]) -> list[DictRow]:
    """Mark the runs of processes that are gone; their id and job."""
    return await db.rows("runs.mark_lost", me=me, silence=SILENCE, dead=dead)


async def recent(
    db: Database, job: str | None = None, outcome: str | None = None, limit: int = 200
) -> list[DictRow]:
    """The newest runs, newest first."""
    return await db.rows("runs.recent", job=job, outcome=outcome, limit=limit)


async def may_start(db: Database, job: str, every: timedelta) -> bool:
    """Whether the clock's start is granted: not paused, and no other process asked within this interval."""
    return await db.value("runs.tick", job=job, every=every) is not None


async def is_paused(db: Database, job: str) -> bool:
    return bool(await db.value("runs.is_paused", job=job))


async def pause(db: Database, job: str, paused: bool) -> None:
    await db.execute("runs.pause", job=job, paused=paused)
