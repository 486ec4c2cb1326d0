"""How late the event loop wakes whoever waits: every request and every frame comes as late as that."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

EVERY_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Lag:
    """Of some wakings, in seconds. About one millisecond is how finely the loop's timers are made."""

    mean: float
    most: float


class LoopLag:
    """Sleeps to a set time, again and again, and notes how late it woke; ten times a second, 0.1 % of a core.

    A loop that stands still for three seconds is one waking that came three seconds late.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._wakings = 0
        self._sum = self._most = 0.0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            due = self._clock() + EVERY_SECONDS
            await self._sleep(EVERY_SECONDS)
            late = max(self._clock() - due, 0.0)
            self._wakings += 1
            self._sum += late
            self._most = max(self._most, late)

    def take(self) -> Lag | None:
        """Of the wakings since the last call; None when there were none."""
        if not self._wakings:
            return None
        lag = Lag(self._sum / self._wakings, self._most)
        self._wakings, self._sum, self._most = 0, 0.0, 0.0
        return lag
