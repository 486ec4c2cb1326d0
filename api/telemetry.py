"""Times every /api request and /health, by route template: pure ASGI, under two microseconds while they wait."""

from collections.abc import Iterator
from time import perf_counter, time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from db import trace
from db.requests import FOLD_AT, RequestRecorder
from db.slowest import Ended
from db.trace import Trace

MOUNT = "/api"
PREFIXES = (MOUNT, "/health")  # what may be ours; the rest is Streamlit's and not held up
UNMATCHED = "/api/(unmatched)"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# A stream lasts as long as its listener, and a scrape is watching, not use: Prometheus times it itself.
UNTIMED = frozenset({"/api/live", "/metrics"})
# Path, route, root path, method, status, began and ended (s of the counter), statements, query: flat, made fast.
Noted = tuple[str, Any, str | None, str, int, float, float, Trace | None, bytes]


class Telemetry:
    """Notes each request of ours, whatever became of it; the recorder takes what was noted when it counts.

    What is done while somebody waits is little: labels, sums and the time of day can wait for that.
    """

    def __init__(self, app: ASGIApp, recorder: RequestRecorder) -> None:
        self.app, self._recorder = app, recorder
        self._noted: list[Noted] = []
        recorder.take_from(self._take)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIXES):
            await self.app(scope, receive, send)
            return
        status = 500  # what the client sees when nothing was sent

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        statements = trace.begin()
        began = perf_counter()
        try:
            await self.app(scope, receive, note_status)
        finally:
            self._noted.append(
                (
                    scope["path"],
                    scope.get("route"),
                    scope.get("root_path"),
                    scope["method"],
                    status,
                    began,
                    perf_counter(),
                    statements or None,
                    scope["query_string"],
                )
            )
            if len(self._noted) >= FOLD_AT:
                self._recorder.fold()

    def _take(self) -> Iterator[Ended]:
        """What was noted, labelled and at its time of day; it is then forgotten here."""
        noted, self._noted = self._noted, []
        since = time() - perf_counter()
        for path, route, root_path, method, status, began, ended, statements, query in noted:
            if is_ours(path):
                template = _template(route, root_path)
                known = method if method in METHODS else "OTHER"
                yield template, known, status, ended - began, since + ended, statements, query


def is_ours(path: str, untimed: bool = False) -> bool:
    """Whether the path is the API's or /health, with or without what is not timed; the rest is Streamlit's."""
    if path in UNTIMED:
        return untimed
    return path in ("/health", MOUNT) or path.startswith(f"{MOUNT}/")


def _template(route: Any, root_path: str | None) -> str:
    """The template of the route that answered, such as `/api/subreddits/{name}`; one label for all others.

    A mounted application leaves its own route in the scope and the mount's path in `root_path`; where it has no
    route, the mount itself is left there.
    """
    path = getattr(route, "path", None)
    if path in (None, MOUNT):
        return UNMATCHED
    return f"{root_path or ''}{path}" if not path.startswith(("/api", "/health")) else path
