"""How the sources answer, and how fresh their communities are."""

from datetime import datetime

from dashboard.data.bridge import Row, asked, connection
from dashboard.kept import kept
from db import between, sources
from db.sources import Freshness, Overdue

__all__ = ["Freshness", "Overdue", "answer_reasons", "answers", "freshness", "sources_now"]


def sources_now() -> list[Row]:
    """Each source in use, as the pulse last told and judged it; needs no database."""
    found: list[Row] = there.present().get("sources", []) if (there := connection()) else []
    return found


@kept(seconds=5, entries=50)
def answers(since: datetime, until: datetime, step_seconds: int, source: str | None) -> list[Row]:
    """One source's or all answers in steps: at, requests, alive, refused, unknown."""
    return asked("sources", lambda db: between.answers(db, since, until, step_seconds, source))


@kept(seconds=5, entries=20)
def answer_reasons(since: datetime, until: datetime) -> list[Row]:
    """source, outcome, reason, count and last_at of all answers, the most frequent first."""
    return asked("sources", lambda db: between.answer_reasons(db, since, until))


@kept(seconds=60, entries=1)
def freshness() -> Freshness:
    """How fresh the communities are; asked once a minute at most, because every community is looked at."""
    return asked("sources", sources.freshness)
