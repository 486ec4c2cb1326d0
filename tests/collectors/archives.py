"""A scripted Arctic Shift: answers in order, and what was asked and slept meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from collectors.arctic_shift import ArcticShiftClient
from collectors.budget import Budget, LocalBudget
from tests.collectors.replies import reply, t3, t5

Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]
TIMED_OUT = {"data": None, "error": "Timeout. Maybe slow down a bit"}


def data(*rows: Any, status: int = 200, **headers: str) -> httpx.Response:
    return reply(status, {"data": list(rows)}, **headers)


def post_row(id36: str = "abc", **fields: Any) -> dict[str, Any]:
    """A row of a post; like many, without `name`."""
    row = t3(id36, retrieved_on=1_700_000_060, **fields)["data"]
    return {key: value for key, value in row.items() if key != "name"}


def subreddit_row(id36: str = "aplace", name: str = "a_place", **fields: Any) -> dict[str, Any]:
    return {**t5(name, **fields)["data"], "id": id36, "name": f"t5_{id36}"}


@dataclass
class Archive:
    """Answers from a list, the last one again and again."""

    answers: list[Answer]
    requests: list[httpx.Request] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    now: float = 0.0

    def client(self, budget: Budget | None = None) -> ArcticShiftClient:
        return ArcticShiftClient(
            httpx.AsyncClient(transport=httpx.MockTransport(self._answer)),
            budget or LocalBudget(self._clock),
            url="http://archive.test/",
            user_agent="subpulse-tests",
            sleep=self._sleep,
            clock=self._clock,
        )

    @property
    def asked(self) -> list[tuple[str, dict[str, str]]]:
        return [(request.url.path, dict(request.url.params)) for request in self.requests]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = self.answers[min(len(self.requests), len(self.answers) - 1)]
        self.requests.append(request)
        if isinstance(answer, Exception):
            raise answer
        if not isinstance(answer, httpx.Response):
            return answer(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def _clock(self) -> float:
        return self.now
