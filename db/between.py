"""What the pages of one time axis ask: what happened between two moments, however long ago."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from psycopg.rows import DictRow

from db.database import Database

RUNS_AT_MOST = 600


async def runs(
    db: Database,
    since: datetime,
    until: datetime,
    but: Sequence[str] = (),
    job: str | None = None,
    outcome: str | None = None,
    limit: int = RUNS_AT_MOST,
) -> list[DictRow]:
    """Job runs under way within a range, of one job or all, with one outcome or any.

    job, outcome, started_at; finished_at, wall_seconds and memory_peak, None while it runs; memory_before. Bytes.
    Those that failed come first, then the longest, so that of too many the least important are left out.

    Args:
        but: jobs to leave out, such as those that every process runs all the time.
    """
    return await db.rows(
        "between.runs", since=since, until=until, but=list(but), job=job, outcome=outcome, limit=limit
    )


async def job_runs(
    db: Database,
    since: datetime,
    until: datetime,
    but: Sequence[str] = (),
    job: str | None = None,
    outcome: str | None = None,
    limit: int = 200,
) -> list[DictRow]:
    """The newest runs that started within a range, newest first."""
    return await db.rows(
        "between.job_runs", since=since, until=until, but=list(but), job=job, outcome=outcome, limit=limit
    )


async def answers(
    db: Database, since: datetime, until: datetime, step_seconds: int, source: str | None = None
) -> list[DictRow]:
    """Steps, oldest first: at, requests, alive, refused, unknown. Steps without any are left out."""
    step = timedelta(seconds=step_seconds)
    return await db.rows("between.answers", since=since, until=until, step=step, source=source)


async def answer_reasons(db: Database, since: datetime, until: datetime) -> list[DictRow]:
    """source, outcome, reason, count and last_at, the most frequent first."""
    return await db.rows("between.answer_reasons", since=since, until=until)
