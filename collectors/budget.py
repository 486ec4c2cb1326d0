"""How many requests may still go to a source in this window, and when the next one may.

Reddit counts per client id in fixed slices of 600 s and says so in three headers, never the limit itself
(prawcore, rate_limit.py). Arctic Shift counts per address and says only what remains and until when (its
api/README). Several processes with one client id share one budget in PostgreSQL (`db`); one alone keeps it here.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, Self

from settings import ASSUMED_RATE_LIMIT, RATE_WINDOW_SECONDS

LEAST_PAUSE_SECONDS = 1.0
SAME_WINDOW_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What the rate-limit headers of one answer say."""

    used: int | None
    """None where the source only says what remains"""
    remaining: float
    """clamped at 0 by Reddit while `used` goes on"""
    reset_seconds: float
    """to the window's end, 1 to 600: a reset of 0 must not mean "ask again at once" (praw#2046)"""

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> Self | None:
        """The headers, their names in any case; None when one is not a number, or another than `used` missing."""
        lowered = {name.lower(): value for name, value in headers.items()}
        remaining = _number(lowered.get("x-ratelimit-remaining"))
        reset = _number(lowered.get("x-ratelimit-reset"))
        said = lowered.get("x-ratelimit-used")
        used = _number(said)
        if remaining is None or reset is None or (used is None and said is not None):
            return None
        return cls(
            None if used is None else int(used),
            remaining,
            min(max(reset, LEAST_PAUSE_SECONDS), RATE_WINDOW_SECONDS),
        )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from `Retry-After` (its name in any case), at least 1; None when missing or a date."""
    seconds = _number({name.lower(): value for name, value in headers.items()}.get("retry-after"))
    return None if seconds is None else max(seconds, LEAST_PAUSE_SECONDS)


class Budget(Protocol):
    """A shared count of the requests left; `collectors` ask it before each request and tell it after."""

    async def take(self) -> float:
        """Seconds to wait before asking again; 0 when the request may go now, and then it is counted."""
        ...

    async def report(self, rate: RateLimit) -> None:
        """Correct the count by what an answer's headers say."""
        ...


class LocalBudget:
    """The budget of one process, in memory.

    Args:
        clock: seconds on a clock that never goes back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._limit = ASSUMED_RATE_LIMIT
        self._is_told = False
        """whether an answer of this window said what remains"""
        self._used = 0.0
        self._ends = clock() + RATE_WINDOW_SECONDS

    async def take(self) -> float:
        now = self._clock()
        if now >= self._ends:
            self._used, self._is_told, self._ends = 0.0, False, now + RATE_WINDOW_SECONDS
        if self._used + 1 > self._limit:
            return max(self._ends - now, LEAST_PAUSE_SECONDS)
        self._used += 1
        return 0.0

    async def report(self, rate: RateLimit) -> None:
        now = self._clock()
        ends = now + rate.reset_seconds
        if ends > self._ends + SAME_WINDOW_SECONDS:  # a window began in which only this answer was counted
            self._used, self._is_told = (1.0 if rate.used is None else 0.0), False
        self._ends = ends
        self._limit = self._limit_by(rate)
        # Answers come back late and out of order: trust whichever has counted more.
        self._used = max(self._used, self._limit - rate.remaining)
        self._is_told = True

    def _limit_by(self, rate: RateLimit) -> float:
        """What the window allows in all.

        Without `used` only the first answer of a window can tell, together with our own count: added to a later
        one, what is under way would count twice.
        """
        if rate.used is not None:
            # At 0 the sum no longer gives the limit, only that it is not above.
            return max(rate.used + rate.remaining if rate.remaining > 0 else min(self._limit, rate.used), 1.0)
        if self._is_told or rate.remaining <= 0:
            return self._limit
        return max(self._used + rate.remaining, 1.0)


def _number(value: str | None) -> float | None:
    """A finite number from 0 on, from decimal text (`"996.0"`), else None."""
    try:
        number = float(value) if value is not None else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
