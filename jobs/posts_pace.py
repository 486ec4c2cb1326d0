"""How often each community posts, and which of them are asked about in one call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

AIM = 5.0
"""posts that should be new at the next turn; many communities share a call, so that few are worth one"""
SOONEST = timedelta(minutes=5)
LATEST = timedelta(hours=1)
"""A post's first reading is due at the age of an hour: by then it has to be known."""
QUIET_AGAIN_IN = timedelta(hours=12)
"""for a community without any post"""

FIRST_SPAN = timedelta(days=1)
"""how far the first collection looks back at least"""
OVERLAP = timedelta(minutes=2)
"""/new is not strictly in order, and a clock may be off"""
FULL = 80.0
"""posts expected on a page of a hundred, so that a lively hour still fits"""
FIRST_TOGETHER = 5
"""communities in one call of which nothing is known yet"""
TRUST = 5.0
"""how many posts' worth the pace known so far counts for, beside the posts just seen"""


@dataclass(frozen=True, slots=True)
class Due:
    """One community whose posts are due."""

    id: str
    name: str
    per_hour: float | None
    collected_at: datetime | None

    @classmethod
    def of(cls, row: dict[str, Any]) -> "Due":
        return cls(row["id"], row["name"], row["posts_per_hour"], row["posts_collected_at"])

    def since(self, now: datetime) -> datetime:
        """Everything after this is wanted."""
        return now - FIRST_SPAN if self.collected_at is None else self.collected_at - OVERLAP


def groups(due: Sequence[Due], most_names: int, now: datetime) -> list[list[Due]]:
    """Communities that share a call, such that one page probably holds all that is new since the oldest's turn.

    Those never collected are few together, because nobody knows how much they post.
    """
    never = [one for one in due if one.collected_at is None]
    size = min(FIRST_TOGETHER, most_names)
    found = [never[i : i + size] for i in range(0, len(never), size)]
    group: list[Due] = []
    pace = hours = 0.0
    for one in sorted((one for one in due if one.collected_at is not None), key=lambda one: one.since(now)):
        pace += one.per_hour or 0.0
        if group and (len(group) == most_names or pace * hours > FULL):
            found.append(group)
            group, pace = [], one.per_hour or 0.0
        if not group:
            hours = (now - one.since(now)) / timedelta(hours=1)
        group.append(one)
    return [*found, group] if group else found


def pace(before: float | None, seen: int, hours: float) -> float:
    """Posts per hour, from those seen in the last `hours` and the pace known before.

    The pace known counts like TRUST posts seen at it: a lively hour of a lively community is believed at once, an
    empty minute of a quiet one hardly.
    """
    if before is None:
        return max(seen, 0.5) / hours
    if before <= 0:
        return seen / hours
    return (TRUST + seen) / (TRUST / before + hours)


def again_in(per_hour: float) -> timedelta:
    """When about AIM posts will be new."""
    hours = AIM / per_hour if per_hour > 0 else LATEST / timedelta(hours=1)
    return max(min(timedelta(hours=min(hours, 24.0)), LATEST), SOONEST)
