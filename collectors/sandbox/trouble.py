"""What goes wrong with a service: too many requests, failing servers, cut bodies. Each shape says how it looks there.

Pure ASGI around the app. Which request fails is worked out from the seed and the request's number.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from collectors.sandbox.chance import dice

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Window:
    """How a service counts requests and says so. Both functions take: used, limit, seconds to the end."""

    seconds: int
    headers: Callable[[int, int, int], Mapping[str, str]]
    refusal: Callable[[int, int, int], Response]


class RateWindow:
    """Counts requests in fixed slices of time and writes the headers; over the limit it refuses."""

    def __init__(
        self, app: ASGIApp, window: Window, limit: int, clock: Clock, uncounted: tuple[str, ...] = ()
    ) -> None:
        self.app, self.window, self.limit, self.clock = app, window, limit, clock
        self.uncounted = uncounted
        """ends of paths that cost nothing"""
        self.slice, self.used = 0, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].endswith(self.uncounted):
            await self.app(scope, receive, send)
            return
        state = self._counted()
        if self.used > self.limit:
            await self.window.refusal(*state)(scope, receive, send)
            return
        await self.app(scope, receive, _adding(self.window.headers(*state), send))

    def _counted(self) -> tuple[int, int, int]:
        now, seconds = self.clock(), self.window.seconds
        if self.slice != now // seconds:
            self.slice, self.used = int(now // seconds), 0
        self.used += 1
        return self.used, self.limit, int(seconds - now % seconds)


class Trouble:
    """Spoils a share of the answers.

    Each of `troubles` is as likely as the others; "cut" sends the first half of the true answer, `spoilt` makes
    the answer of any other.
    """

    def __init__(
        self,
        app: ASGIApp,
        seed: int,
        error_rate: float,
        troubles: tuple[str, ...],
        spoilt: Callable[[str], Response],
        spared: tuple[str, ...] = (),
    ) -> None:
        self.app, self.seed, self.error_rate = app, seed, error_rate
        self.troubles, self.spoilt, self.spared = troubles, spoilt, spared
        self.requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].endswith(self.spared):
            await self.app(scope, receive, send)
            return
        self.requests += 1
        chance = dice(self.requests, self.seed)
        trouble = chance.choice(self.troubles) if chance.random() < self.error_rate else None
        if trouble is None:
            await self.app(scope, receive, send)
        elif trouble == "cut":
            await self.app(scope, receive, _cutting(send))
        else:
            await self.spoilt(trouble)(scope, receive, send)


def html(page: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """A page where JSON was asked for."""
    return Response(page, status, headers, media_type="text/html")


def _adding(headers: Mapping[str, str], send: Send) -> Send:
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
