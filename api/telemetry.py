"""Times every /api request and /health, by route template: pure ASGI, a microsecond or two."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from db import trace
from db.requests import RequestRecorder

MOUNT = "/api"
UNMATCHED = "/api/(unmatched)"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# A stream lasts as long as its listener, and a scrape is watching, not use: Prometheus times it itself.
UNTIMED = frozenset({"/api/live", "/metrics"})


class Telemetry:
    """Reports each request of ours to the recorder, whatever became of it."""

    def __init__(self, app: ASGIApp, recorder: RequestRecorder) -> None:
        self.app, self.recorder = app, recorder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_ours(scope["path"]):
            await self.app(scope, receive, send)
            return
        status = 500  # what the client sees when nothing was sent

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        statements = trace.begin()
        began = time.perf_counter()
        try:
            await self.app(scope, receive, note_status)
        finally:
            seconds = time.perf_counter() - began
            method = scope["method"] if scope["method"] in METHODS else "OTHER"
            self.recorder.add(
                route_template(scope), method, status, seconds, statements, scope["query_string"]
            )


def is_ours(path: str, untimed: bool = False) -> bool:
    """Whether the path is the API's or /health, with or without what is not timed; the rest is Streamlit's."""
    if path in UNTIMED:
        return untimed
    return path in ("/health", MOUNT) or path.startswith(f"{MOUNT}/")


def route_template(scope: Scope) -> str:
    """The template of the route that answered, such as `/api/subreddits/{name}`; one label for all others.

    A mounted application leaves its own route in the scope and the mount's path in `root_path`; where it has no
    route, the mount itself is left there.
    """
    path = getattr(scope.get("route"), "path", None)
    if path in (None, MOUNT) or "endpoint" not in scope:
        return UNMATCHED
    return f"{scope.get('root_path', '')}{path}" if not path.startswith(("/api", "/health")) else path
