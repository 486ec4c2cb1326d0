"""Scripted answers for a client: what Reddit says, in order, and what was asked and slept meanwhile."""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx

from collectors.budget import Budget, LocalBudget
from collectors.reddit import RedditClient
from collectors.reddit_auth import RedditApp

APP = RedditApp(
    "an-id", "a-secret", "python:subpulse-tests:0 (test)", "http://api.test", "http://www.test/token"
)
TOKEN = {"access_token": "first", "token_type": "bearer", "expires_in": 86400, "scope": "*"}


def reply(status: int = 200, value: Any = None, **headers: str) -> httpx.Response:
    """An answer with a JSON value or raw text; header names with underscores for dashes."""
    body = value if isinstance(value, str | bytes) else json.dumps(value)
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return httpx.Response(status, headers=named, content=body)


def t5(name: str = "a_place", **fields: Any) -> dict[str, Any]:
    return {"kind": "t5", "data": {"name": f"t5_{name.replace('_', '')}", "display_name": name, **fields}}


def t3(id36: str = "abc", **fields: Any) -> dict[str, Any]:
    data = {
        "id": id36,
        "name": f"t3_{id36}",
        "subreddit": "a_place",
        "subreddit_id": "t5_aplace",
        "author": "someone",
        "title": "A title",
        "created_utc": 1700000000.0,
        "score": 1,
        "num_comments": 0,
    }
    return {"kind": "t3", "data": {**data, **fields}}


def listing(*children: dict[str, Any], after: str | None = None) -> dict[str, Any]:
    return {"kind": "Listing", "data": {"children": list(children), "after": after, "before": None}}


@dataclass
class Script:
    """Answers API requests from a list, the last one again and again; tokens from another list."""

    answers: list[httpx.Response | Exception]
    tokens: list[httpx.Response] = field(default_factory=lambda: [reply(value=TOKEN)])
    requests: list[httpx.Request] = field(default_factory=list)
    token_requests: list[httpx.Request] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    now: float = 0.0

    def client(self, budget: Budget | None = None) -> RedditClient:
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        return RedditClient(
            http, APP, budget or LocalBudget(self._clock), sleep=self._sleep, clock=self._clock
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        asked, answers = (
            (self.token_requests, self.tokens) if request.method == "POST" else (self.requests, self.answers)
        )
        answer = answers[min(len(asked), len(answers) - 1)]
        asked.append(request)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def _clock(self) -> float:
        return self.now
