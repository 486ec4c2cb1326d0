"""Scripted answers of the Graph API, in order, and what was asked and slept meanwhile."""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx

from collectors.instagram import InstagramApp, InstagramClient

TOKEN = "EAAGm0PX4ZCpsBAKZCtheTokenThatNobodyMaySee|7"
APP = InstagramApp("17841400000000001", TOKEN, "http://graph.test/v25.0")


def error(code: int | None, subcode: int | None = None, status: int = 400, **more: Any) -> httpx.Response:
    """An error as the Graph API gives them."""
    body = {"message": "…", "type": "OAuthException", "code": code, "fbtrace_id": "AbC123", **more}
    return reply({"error": body | ({"error_subcode": subcode} if subcode else {})}, status)


def reply(value: Any, status: int = 200, **headers: str) -> httpx.Response:
    """An answer with a JSON value or raw text; header names with underscores for dashes."""
    body = value if isinstance(value, str | bytes) else json.dumps(value)
    return httpx.Response(
        status, headers={name.replace("_", "-"): text for name, text in headers.items()}, content=body
    )


def medium(number: int = 1, **fields: Any) -> dict[str, Any]:
    """One medium as it comes: the higher its number, the younger."""
    return {
        "id": f"1788510339550{number:04}",
        "caption": f"Number {number}",
        "media_type": "IMAGE",
        "media_product_type": "FEED",
        "permalink": f"https://www.instagram.com/p/C{number}/",
        "timestamp": f"2026-11-{1 + number // 24:02}T{number % 24:02}:00:00+0000",
        "like_count": 10 * number,
        "comments_count": number,
        **fields,
    }


def discovery(*media: dict[str, Any], after: str | None = None, **account: Any) -> dict[str, Any]:
    """The JSON of one answer of business_discovery."""
    found: dict[str, Any] = {"id": "17841407673135339", **account}
    if media:
        paging = {"paging": {"cursors": {"after": after}}} if after else {}
        found["media"] = {"data": list(media), **paging}
    return {"business_discovery": found, "id": APP.user_id}


def app_usage(percent: int) -> str:
    return json.dumps({"call_count": percent, "total_time": 3, "total_cputime": 1})


def business_usage(percent: int, minutes: int = 0) -> str:
    usage = {"type": "instagram", "call_count": 2, "total_cputime": 1, "total_time": percent}
    return json.dumps({"1784": [{**usage, "estimated_time_to_regain_access": minutes}]})


@dataclass
class Script:
    """Answers from a list, the last one again and again; sleeping takes no time but moves the clock."""

    answers: list[httpx.Response | Exception]
    requests: list[httpx.Request] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    now: float = 0.0

    def client(self) -> InstagramClient:
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        return InstagramClient(http, APP, sleep=self._sleep, clock=lambda: self.now)

    @property
    def asked(self) -> list[str]:
        """The fields of each request."""
        return [request.url.params.get("fields", "") for request in self.requests]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = self.answers[min(len(self.requests), len(self.answers) - 1)]
        self.requests.append(request)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
