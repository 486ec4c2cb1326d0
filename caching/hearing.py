"""Whether this process hears of writes at present, without which nothing kept may be trusted for long."""

import math
import time
from collections.abc import Callable

MOST_STALE_SECONDS = 1.0
"""How long after a write's commit the older answer may still be served, by any process."""
LEASE_SECONDS = 0.9  # a little less, because PostgreSQL commits a moment before it tells


class Hearing:
    """A lease on trusting what is kept. Whoever listens extends it each time that the line proved alive.

    Not a flag that somebody takes down when the line breaks: a lease ends by itself, also when the listener hangs,
    the network swallows packets, or this whole process stood still for a while. Until a listener says that its line
    is broken for the first time there is no end to it, as where a process is the only one that writes.
    """

    __slots__ = ("_timer", "until")

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self.until = math.inf
        self._timer = timer

    def extend(self, proven_at: float) -> None:
        """All that was written before `proven_at` (seconds of the timer) has been heard."""
        self.until = max(self.until, proven_at + LEASE_SECONDS)

    def end(self) -> None:
        """The line is known to be broken."""
        self.until = -math.inf

    @property
    def is_on(self) -> bool:
        return self._timer() < self.until

    def covers(self, began: float, now: float) -> bool:
        """Whether an answer begun at that moment may be served now: any, while we hear of writes, and else only one
        too young to be older than what may be served anyway."""
        return now < self.until or now < began + MOST_STALE_SECONDS
