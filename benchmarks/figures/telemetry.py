"""What timing a request adds to it: the telemetry middleware around an application that answers at once.

Called directly, without server or socket, in alternated rounds with and without; the median of the rounds'
differences. For information: a request through a server costs some hundred microseconds.
"""

import asyncio
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.telemetry import Telemetry
from benchmarks.figure import Reading
from benchmarks.lab import Lab
from benchmarks.summary import median
from db.requests import RequestRecorder

ROUNDS = 9
REQUESTS = 5000


class Route:
    """What a router leaves in the scope."""

    path = "/api/stats"


async def bare(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer 200 with two bytes."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


async def _receive() -> Message:
    return {"type": "http.request"}


async def _send(message: Message) -> None:
    pass


def run(lab: Lab) -> list[Reading]:
    requests = REQUESTS // 10 if lab.quick else REQUESTS
    recorder = RequestRecorder()
    timed = Telemetry(bare, recorder)
    without, added = [], []
    for _ in range(ROUNDS):
        without.append(asyncio.run(_request_us(bare, requests)))
        added.append(asyncio.run(_request_us(timed, requests)) - without[-1])
        recorder.second()
    return [
        Reading("Telemetry per request", median(added), "µs", raw={"bare_us": without, "added_us": added})
    ]


async def _request_us(app: ASGIApp, requests: int) -> float:
    began = time.perf_counter()
    for _ in range(requests):
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/api/stats",
            "root_path": "/api",
            "route": Route,
            "endpoint": bare,
        }
        await app(scope, _receive, _send)
    return 1e6 * (time.perf_counter() - began) / requests
