"""How the sources answer, what they say of our credentials, and how fresh their communities are."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from psycopg.rows import DictRow

from db.database import Database
from db.subreddits import totals

OVERDUE_AFTER = timedelta(
    minutes=5
)  # what is due is planned within 30 s; after ten times that, we are behind
COUNTED_AT_MOST = 100_000  # overdue communities: 10 ms along the index, so that the pulse may ask
SAMPLED_COMMUNITIES = 100_000  # 45 ms; a million read whole take 300 ms, and 190 ms with an index for it
AGES = ("1_h", "6_h", "24_h")


@dataclass(frozen=True, slots=True)
class Heard:
    """How one source answered over a range. `reasons` are counts by `refused:private`, the most frequent first;
    `last_at` by the same words, and by `alive` and `request`."""

    requests: int = 0
    alive: int = 0
    refused: int = 0
    unknown: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    last_at: dict[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a source last said; None where it said nothing.

    `token_problem` is why it refuses the token, `quota_percent` how much of the scarcest limit (`quota_name`) is
    used, `quota_back_at` when it answers again while it throttles us.
    """

    token_expires_at: datetime | None = None
    token_problem: str | None = None
    quota_percent: float | None = None
    quota_name: str | None = None
    quota_back_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Overdue:
    """How many are due for longer than OVERDUE_AFTER, counted to COUNTED_AT_MOST; since when the first is."""

    count: int
    since: datetime | None

    @property
    def is_at_least(self) -> bool:
        """Whether counting stopped before the end."""
        return self.count >= COUNTED_AT_MOST


@dataclass(frozen=True, slots=True)
class Ages:
    """Communities by how long ago something was done with them; each counts once."""

    within_1_h: int
    within_6_h: int
    within_24_h: int
    older: int
    never: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many communities are in one state; `reason` is None for alive ones."""

    state: str
    reason: str | None
    communities: int


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old what we know is. With `sampled` below `communities`, all figures but the overdue ones are estimates."""

    communities: int
    sampled: int
    refreshed: Ages
    collected: Ages  # of those whose posts are collected: alive ones, public or restricted
    overdue: Overdue
    posts_overdue: Overdue
    states: list[StateCount]


async def add_answers(
    db: Database, instance: str, source: str, at: datetime, growth: Mapping[str, int]
) -> None:
    """Store by how much a client's tally grew (see CommunitySource.tally): all of it, or nothing."""
    rows = [
        {
            "at": at,
            "source": source,
            "instance": instance,
            "outcome": outcome,
            "reason": reason,
            "count": count,
        }
        for word, count in growth.items()
        if (split := _outcome(word)) and count
        for outcome, reason in (split,)
    ]
    async with db.transaction() as session:
        await session.execute_each("sources.add_answers", rows)


def _outcome(word: str) -> tuple[str, str] | None:
    """(outcome, reason) of a tally's word; None for the sums of those with a reason."""
    if word == "requests":
        return "request", ""
    outcome, _, reason = word.partition(":")
    if outcome == "alive" or (outcome in ("refused", "unknown") and reason):
        return outcome, reason
    return None


async def by_reason(db: Database, since: datetime) -> list[DictRow]:
    """source, outcome, reason ('' for none), count and last_at since the minute of a time, most frequent first."""
    return await db.rows("sources.answers_by_reason", since=since)


async def heard(db: Database, since: datetime) -> dict[str, Heard]:
    """How each source answered since the minute of a time, over all processes, by its name."""
    by_source: dict[str, list[DictRow]] = {}
    for row in await by_reason(db, since):
        by_source.setdefault(row["source"], []).append(row)
    return {source: _heard(rows) for source, rows in by_source.items()}


def _heard(rows: Sequence[DictRow]) -> Heard:
    counts: Counter[str] = Counter()
    reasons, last_at = {}, {}
    for row in rows:
        outcome, reason = row["outcome"], row["reason"]
        counts[outcome] += row["count"]
        word = f"{outcome}:{reason}" if reason else outcome
        last_at[word] = row["last_at"]
        if reason:
            reasons[word] = row["count"]
    return Heard(counts["request"], counts["alive"], counts["refused"], counts["unknown"], reasons, last_at)


async def over_time(
    db: Database, since: datetime, step: timedelta, source: str | None = None
) -> list[DictRow]:
    """Steps of a range, oldest first: at, requests, alive, refused, unknown. Steps without any are left out."""
    return await db.rows("sources.answers_over_time", since=since, step=step, source=source)


async def last_answers(
    db: Database, names: Sequence[str]
) -> dict[str, tuple[datetime | None, datetime | None]]:
    """When each source last gave what was asked for, and when it last failed to; to the ten seconds of storing."""
    rows = await db.rows("sources.last_answers", sources=list(names))
    return {row["source"]: (row["alive_at"], row["failed_at"]) for row in rows}


async def note_credentials(
    db: Database,
    source: str,
    *,
    token_expires_at: datetime | None = None,
    token_problem: str | None = None,
    quota_percent: float | None = None,
    quota_name: str | None = None,
    quota_back_at: datetime | None = None,
) -> None:
    """Note what a source now says of our credentials and quota, in place of what it said before."""
    await db.execute(
        "sources.note_credentials",
        source=source,
        token_expires_at=token_expires_at,
        token_problem=token_problem,
        quota_percent=quota_percent,
        quota_name=quota_name,
        quota_back_at=quota_back_at,
    )


async def credentials(db: Database) -> dict[str, Credentials]:
    """What each source last said of them, by its name."""
    return {
        row["source"]: Credentials(
            row["token_expires_at"],
            row["token_problem"],
            row["quota_percent"],
            row["quota_name"],
            row["quota_back_at"],
        )
        for row in await db.rows("sources.credentials")
    }


async def overdue(db: Database) -> Overdue:
    """Communities whose metadata should have been asked for again."""
    return await _overdue(db, "sources.overdue")


async def posts_overdue(db: Database) -> Overdue:
    """Communities whose new posts should have been collected."""
    return await _overdue(db, "sources.posts_overdue")


async def accounts_overdue(db: Database) -> Overdue:
    """Instagram accounts that should have been asked for again."""
    return await _overdue(db, "sources.accounts_overdue")


async def _overdue(db: Database, statement: str) -> Overdue:
    row = await db.row(statement, grace=OVERDUE_AFTER, most=COUNTED_AT_MOST)
    assert row is not None
    return Overdue(row["count"], row["since"])


async def freshness(db: Database) -> Freshness:
    """How fresh the communities are, and in which states; from a sample once there are many."""
    known = (await totals(db)).get("subreddits", 0)
    percent = 100 * min(1.0, SAMPLED_COMMUNITIES / known) if known else 100.0
    rows = await db.rows("sources.freshness", percent=percent)
    sampled = sum(row["communities"] for row in rows)
    communities = sampled if percent == 100 else max(known, sampled)
    scale = communities / sampled if sampled else 1.0
    return Freshness(
        communities,
        sampled,
        _ages(rows, "refreshed", "communities", "oldest_refresh_at", scale),
        _ages(rows, "collected", "with_posts", "oldest_collection_at", scale),
        await overdue(db),
        await posts_overdue(db),
        [StateCount(row["state"], row["reason"], round(row["communities"] * scale)) for row in rows],
    )


def _ages(rows: Sequence[DictRow], verb: str, whole: str, oldest: str, scale: float) -> Ages:
    all_of_them, ever = sum(row[whole] for row in rows), sum(row[verb] for row in rows)
    limits = [0, *(sum(row[f"{verb}_{age}"] for row in rows) for age in AGES), ever, all_of_them]
    within_1_h, within_6_h, within_24_h, older, never = (
        round((limit - before) * scale) for before, limit in pairwise(limits)
    )
    times = [row[oldest] for row in rows if row[oldest] is not None]
    return Ages(within_1_h, within_6_h, within_24_h, older, never, min(times, default=None))
