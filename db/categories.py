"""Which category each community has, and every decision that led there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from psycopg.rows import DictRow

from db.database import Database, Session
from db.written import announce, community_tags


@dataclass(frozen=True, slots=True)
class Decision:
    """One judgement of one community; confidence from 0 to 1."""

    subreddit_id: str
    category: str
    confidence: float
    second_best: str | None
    method: str
    version: str
    evidence: Sequence[str]


async def uncategorized(db: Database, version: str, limit: int) -> list[DictRow]:
    """Communities that this version of the classifier has not judged; what a person said is left alone."""
    return await db.rows("subreddits.uncategorized", version=version, limit=limit)


async def decide(session: Session, decisions: Iterable[Decision]) -> None:
    """Keep each decision and give its category to the community."""
    made = list(decisions)
    await session.execute_each(
        "categories.decide",
        (
            {
                "subreddit_id": decision.subreddit_id,
                "category": decision.category,
                "confidence": decision.confidence,
                "second_best": decision.second_best,
                "method": decision.method,
                "version": decision.version,
                "evidence": list(decision.evidence),
            }
            for decision in made
        ),
    )
    touched = community_tags(decision.subreddit_id for decision in made)
    await announce(session, "subreddits", "categories", *touched)


async def progress(db: Database, version: str) -> DictRow:
    """communities, categorized, last_decided_at."""
    row = await db.row("subreddits.categorization_progress", version=version)
    assert row is not None
    return row


async def categories(db: Database) -> list[DictRow]:
    """Communities and subscribers per category, largest first."""
    return await db.rows("subreddits.categories")
