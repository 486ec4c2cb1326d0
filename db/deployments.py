"""Deployments: noted by each start of a process with another version than the last, and by the operator."""

import subprocess
from datetime import datetime
from pathlib import Path

from psycopg.rows import DictRow

from db.database import Database
from settings import ROOT, VERSION

LONGEST_TEXT = 200
SHOWN_AT_MOST = 200
GIT_SECONDS = 5.0


def running_version(folder: Path = ROOT) -> str:
    """`0.1.0 cb6679f` in a git checkout, else `0.1.0`."""
    if not (folder / ".git").exists():  # git itself would go on to look in the folders above
        return VERSION
    try:
        found = subprocess.run(
            ["git", "-C", str(folder), "rev-parse", "--short", "HEAD"],
            capture_output=True, text=True, timeout=GIT_SECONDS, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return VERSION
    return f"{VERSION} {found.stdout.strip()}"


async def note_start(db: Database, version: str, instance: str) -> bool:
    """Note that a process of this version has started; whether it was another than the last."""
    async with db.transaction() as session:
        await session.execute("deployments.lock")
        return bool(await session.rows("deployments.note_start", version=version, instance=instance))


async def add(db: Database, what: str, version: str) -> None:
    """Note, in the operator's words, what went out.

    Raises:
        ValueError: the words are none, or too many.
    """
    words = " ".join(what.split())
    if not words:
        raise ValueError("say what went out, as in: python -m jobs deployed 'new index on posts'")
    if len(words) > LONGEST_TEXT:
        raise ValueError(f"{len(words)} characters are too many for a label; {LONGEST_TEXT} are possible")
    await db.execute("deployments.add", version=version, what=words)


async def between(
    db: Database, since: datetime, until: datetime, limit: int = SHOWN_AT_MOST
) -> list[DictRow]:
    """The newest deployments of a range, newest first: at, version, and what in the operator's words or None."""
    return await db.rows("deployments.between", since=since, until=until, limit=limit)
