"""The sandbox's tokens: anyone gets one, it lasts a day, and nothing is remembered."""

from collections.abc import Callable
from urllib.parse import parse_qs

import orjson
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from collectors.sandbox.answers import refusal

TOKEN_PATH = "/api/v1/access_token"
EXPIRES_IN = 86_400
PREFIX = "sandbox-"
GRANTS = {
    "client_credentials",
    "password",
    "https://oauth.reddit.com/grants/installed_client",
}


async def give_token(request: Request, now: float) -> Response:
    """A token for an application-only, script or installed app; an unknown grant fails with status 200."""
    if not request.headers.get("authorization", "").lower().startswith("basic "):
        return refusal(401)
    form = parse_qs((await request.body()).decode("utf-8", "replace"))
    if form.get("grant_type", [""])[0] not in GRANTS:
        return _json({"error": "unsupported_grant_type"})
    token = f"{PREFIX}{int(now) + EXPIRES_IN}"
    return _json({"access_token": token, "token_type": "bearer", "expires_in": EXPIRES_IN, "scope": "*"})


class Authorized:
    """Lets requests with a token of ours that has not expired through, and answers the others 401."""

    def __init__(self, app: ASGIApp, clock: Callable[[], float]) -> None:
        self.app, self.clock = app, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] != TOKEN_PATH:
            scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not self._holds(token):
                await refusal(401)(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _holds(self, token: str) -> bool:
        expires = token.removeprefix(PREFIX)
        return token.startswith(PREFIX) and expires.isdecimal() and self.clock() < int(expires)


def _json(value: dict[str, str | int]) -> Response:
    return Response(orjson.dumps(value), media_type="application/json; charset=UTF-8")
