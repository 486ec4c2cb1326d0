"""What goes wrong with Reddit: too many requests, failing servers, block pages, cut and empty bodies.

Pure ASGI around the app. Which request fails is worked out from the seed and the request's number.
"""

from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from collectors.sandbox.chance import dice
from collectors.sandbox.pages import BLOCKED, TOO_MANY

WINDOW_SECONDS = 600
TOKEN_PATH = "/api/v1/access_token"

# Each as likely as the others; "cut" sends the first half of the true answer.
TROUBLES = ("500", "502", "503", "blocked", "throttled", "cut", "empty")


class RateWindow:
    """Counts requests in fixed slices of 600 s and writes the three headers; over the limit it answers 429."""

    def __init__(self, app: ASGIApp, limit: int, clock: Callable[[], float]) -> None:
        self.app, self.limit, self.clock = app, limit, clock
        self.slice, self.used = 0, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == TOKEN_PATH:
            await self.app(scope, receive, send)
            return
        reset = self._count()
        if self.used > self.limit:
            await _page(TOO_MANY, 429, {"retry-after": str(reset)})(scope, receive, send)
            return
        headers = {
            "x-ratelimit-used": str(self.used),
            "x-ratelimit-remaining": f"{self.limit - self.used:.1f}",
            "x-ratelimit-reset": str(reset),
        }
        await self.app(scope, receive, _adding(headers, send))

    def _count(self) -> int:
        """Count one request; the seconds to the window's end."""
        now = self.clock()
        if self.slice != now // WINDOW_SECONDS:
            self.slice, self.used = int(now // WINDOW_SECONDS), 0
        self.used += 1
        return int(WINDOW_SECONDS - now % WINDOW_SECONDS)


class Trouble:
    """Spoils a share of the answers."""

    def __init__(self, app: ASGIApp, seed: int, error_rate: float) -> None:
        self.app, self.seed, self.error_rate = app, seed, error_rate
        self.requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == TOKEN_PATH:
            await self.app(scope, receive, send)
            return
        self.requests += 1
        chance = dice(self.requests, self.seed)
        trouble = chance.choice(TROUBLES) if chance.random() < self.error_rate else None
        if trouble is None:
            await self.app(scope, receive, send)
        elif trouble == "cut":
            await self.app(scope, receive, _cutting(send))
        else:
            await _spoilt(trouble)(scope, receive, send)


def _spoilt(trouble: str) -> Response:
    if trouble == "blocked":
        return _page(BLOCKED, 403)
    if trouble == "throttled":
        return _page(TOO_MANY, 429, {"retry-after": "4"})
    status = 200 if trouble == "empty" else int(trouble)
    return Response(b"", status, media_type="application/json")  # Reddit labels its empty bodies so


def _page(html: str, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(html, status, headers, media_type="text/html")


def _adding(headers: dict[str, str], send: Send) -> Send:
    async def adding(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(headers)
        await send(message)

    return adding


def _cutting(send: Send) -> Send:
    start: Message = {}

    async def cutting(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        body = message["body"][: len(message["body"]) // 2]
        MutableHeaders(scope=start)["content-length"] = str(len(body))
        await send(start)
        await send({**message, "body": body})

    return cutting
