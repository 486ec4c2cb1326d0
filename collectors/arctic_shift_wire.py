"""How Arctic Shift is asked: by our name, few at a time, never in a rush, within what it says remains."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from collectors.asking import Asking
from collectors.outcome import Outcome
from collectors.wire import Answer, Sleep, with_tries

MOST_AT_ONCE = 2
APART_SECONDS = 0.5
"""One volunteer pays for it, and asks for no more than "a couple requests per second" (its api/README)."""


class Gate:
    """Lets through at most `MOST_AT_ONCE`, each `APART_SECONDS` after the one before."""

    def __init__(self, sleep: Sleep, clock: Callable[[], float]) -> None:
        self._sleep, self._clock = sleep, clock
        self._places = asyncio.Semaphore(MOST_AT_ONCE)
        self._next = float("-inf")

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """A place, once there is one and it is time."""
        async with self._places:
            now = self._clock()
            turn = max(self._next, now)
            self._next = turn + APART_SECONDS
            if turn > now:
                await self._sleep(turn - now)
            yield


class ArcticShiftWire:
    """One path of the API at a time."""

    def __init__(self, asking: Asking, gate: Gate, url: str, user_agent: str) -> None:
        self._asking, self._gate = asking, gate
        self._url, self._user_agent = url.rstrip("/"), user_agent

    async def get(self, path: str, params: Mapping[str, str]) -> Outcome[Any]:
        """What `data` of one path's answer holds, after as many tries as its failures are worth."""
        answer = await with_tries(lambda: self._once(path, params), self._asking.sleep)
        return answer.outcome

    async def _once(self, path: str, params: Mapping[str, str]) -> Answer:
        request = self._asking.http.build_request(
            "GET", f"{self._url}{path}", params=dict(params), headers={"User-Agent": self._user_agent}
        )
        async with self._gate.open():
            return await self._asking.once(request)
