"""Reads that only the dashboard's pages ask for; their statements live with their topics."""

from datetime import timedelta

from psycopg.rows import DictRow

from db.database import Database


async def by_job(db: Database) -> list[DictRow]:
    """Each job's record of the last 24 hours: runs, failures, absent, running, seconds, bytes, items."""
    return await db.rows("runs.by_job")


async def controls(db: Database) -> list[DictRow]:
    """Which jobs are paused, and when each was last asked to start."""
    return await db.rows("runs.controls")


async def growth(db: Database, name: str, since: timedelta) -> list[DictRow]:
    """A community's subscribers over time, oldest first: at, subscribers."""
    return await db.rows("subreddits.growth", name=name, since=since)


async def recent_posts(db: Database, name: str, limit: int) -> list[DictRow]:
    """A community's newest posts, newest first."""
    return await db.rows("subreddits.recent_posts", name=name, limit=limit)
