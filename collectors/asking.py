"""What asking has in common whatever the source: paced by the budget, judged, counted."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TypeVar

import httpx

from collectors.budget import Budget, RateLimit
from collectors.judge import judge
from collectors.outcome import Alive, Outcome, Unknown
from collectors.wire import LONGEST_PAUSE_SECONDS, Answer, Judge, Sleep, send

RateOf = Callable[[Mapping[str, str]], RateLimit | None]
T = TypeVar("T")
U = TypeVar("U")


class Asking:
    """Sends requests within the budget, tells it what the answers say, and keeps the tally.

    Args:
        judge: what an answer of this source means.
        rate_of: how its headers tell the rate limit.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        budget: Budget,
        sleep: Sleep,
        judge: Judge = judge,
        rate_of: RateOf = RateLimit.from_headers,
    ) -> None:
        self.http, self.sleep = http, sleep
        self._budget, self._judge, self._rate_of = budget, judge, rate_of
        self.tally: Counter[str] = Counter()

    async def once(self, request: httpx.Request) -> Answer:
        """Send it as soon as the budget allows; throttled when that takes longer than work should wait."""
        used_up = await self._wait_for_budget()
        if used_up is not None:
            return Answer(429, used_up)
        self.tally["requests"] += 1
        answer = await send(self.http, request, self._judge)
        rate = self._rate_of(answer.headers)
        if rate is not None:
            await self._budget.report(rate)
        return answer

    def counted(self, outcome: Outcome[T]) -> Outcome[T]:
        """The outcome, which the tally now knows."""
        return counted(self.tally, outcome)

    async def _wait_for_budget(self) -> Unknown | None:
        while (seconds := await self._budget.take()) > 0:
            if seconds > LONGEST_PAUSE_SECONDS:
                return Unknown("throttled", f"the budget is used up for {seconds:.0f} s", seconds)
            await self.sleep(seconds)
        return None


def counted(tally: Counter[str], outcome: Outcome[T]) -> Outcome[T]:
    """The outcome, entered into a tally by its word, and by `refused:private` and the like."""
    word = type(outcome).__name__.lower()
    tally[word] += 1
    if not isinstance(outcome, Alive):
        tally[f"{word}:{outcome.reason}"] += 1
    return outcome


def then(outcome: Outcome[T], next_step: Callable[[T], Outcome[U]]) -> Outcome[U]:
    """Judge the value further when there is one."""
    return next_step(outcome.value) if isinstance(outcome, Alive) else outcome
