"""What communities ask of a post: their rules and requirements."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from db.database import Database, Session


async def keep(
    session: Session, subreddit_id: str, rules: Sequence[Mapping[str, Any]], requirements: Any | None
) -> None:
    """Store the details of one community; requirements None where the source has none to tell."""
    await session.execute(
        "details.keep",
        id=subreddit_id,
        rules=Jsonb([dict(rule) for rule in rules]),
        requirements=None if requirements is None else Jsonb(dict(requirements)),
    )


async def due_again(session: Session, subreddit_id: str, again_in: timedelta) -> None:
    """Read this community's details again after so long."""
    await session.execute("details.due_again", id=subreddit_id, again_in=again_in)


async def one(db: Database, name: str) -> DictRow | None:
    """rules, requirements and read_at of one community, or None when they were never read."""
    return await db.row("details.one", name=name)
