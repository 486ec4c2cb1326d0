"""What timing a request adds to it: the telemetry middleware, beside prometheus-fastapi-instrumentator.

Both around the same FastAPI application of one route, called directly, without server or socket. The application
alone, with ours and with the instrumentator (as its README installs it) take turns; each round gives a difference
to the application alone, and the median of these counts. Ours notes a request and counts it later: what that
costs, shared out over the requests, is a reading of its own. So is ours around an application that answers at
once, where less noise hides it.
"""

import asyncio
import gc
import time
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.telemetry import Telemetry
from benchmarks.figure import Goal, Reading
from benchmarks.lab import Lab
from benchmarks.summary import median
from db.requests import RequestRecorder

ROUNDS, QUICK_ROUNDS = 201, 21
REQUESTS = 500  # a round is short, so that its applications meet the same weather


class Route:
    """What a router leaves in the scope."""

    path = "/api/stats"


def run(lab: Lab) -> list[Reading]:
    rounds = QUICK_ROUNDS if lab.quick else ROUNDS
    around_fastapi = asyncio.run(_around_fastapi(rounds))
    around_bare = asyncio.run(_around_bare(rounds))
    alone, ours, theirs = (around_fastapi[name] for name in ("alone_us", "ours_us", "instrumentator_us"))
    added = [one - without for one, without in zip(ours, alone, strict=True)]
    added_by_theirs = [one - without for one, without in zip(theirs, alone, strict=True)]
    counting = around_fastapi["counting_us"]
    return [
        Reading("Telemetry per request", median(added), "µs", Goal(2.5), around_fastapi),
        Reading(
            "The same against prometheus-fastapi-instrumentator",
            median(added) / median(added_by_theirs),
            "×",
            Goal(1 / 15),
            {"added_us": added, "instrumentator_added_us": added_by_theirs},
        ),
        Reading("Counting it later, per request", median(counting), "µs"),
        Reading(
            "Telemetry around an application that answers at once",
            median(
                [
                    one - without
                    for one, without in zip(around_bare["ours_us"], around_bare["alone_us"], strict=True)
                ]
            ),
            "µs",
            raw=around_bare,
        ),
    ]


def one_route() -> FastAPI:
    """An application that answers GET /api/stats with two bytes."""
    app = FastAPI()

    @app.get("/api/stats")
    async def stats() -> Response:
        return Response(b"{}", media_type="application/json")

    return app


def instrumented(registry: Any) -> FastAPI:
    """The same application with the instrumentator's middleware, its metrics in a CollectorRegistry of their own.

    The peer is imported here, because only `make bench` installs it.
    """
    from prometheus_fastapi_instrumentator import Instrumentator

    app = one_route()
    Instrumentator(registry=registry).instrument(app)
    return app


async def bare(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer 200 with two bytes, as if a router had found the route."""
    scope["route"], scope["endpoint"] = Route, bare
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


async def _around_fastapi(rounds: int) -> dict[str, list[float]]:
    """Microseconds per request, by what was asked, one of each round."""
    from prometheus_client import CollectorRegistry

    recorder = RequestRecorder()
    theirs = instrumented(CollectorRegistry())
    return await _in_turns(
        {"alone_us": one_route(), "ours_us": Telemetry(one_route(), recorder), "instrumentator_us": theirs},
        recorder,
        rounds,
    )


async def _around_bare(rounds: int) -> dict[str, list[float]]:
    recorder = RequestRecorder()
    return await _in_turns({"alone_us": bare, "ours_us": Telemetry(bare, recorder)}, recorder, rounds)


async def _in_turns(
    apps: dict[str, ASGIApp], recorder: RequestRecorder, rounds: int
) -> dict[str, list[float]]:
    """Microseconds per request of each application by name, and of counting what the recorder noted."""
    took: dict[str, list[float]] = {name: [] for name in (*apps, "counting_us")}
    for app in apps.values():
        await request_us(app, REQUESTS)
    recorder.drain()
    gc.collect()
    gc.freeze()  # as app.py does once it is up
    for turn in range(rounds):
        names = list(apps)
        for name in names if turn % 2 else reversed(names):
            took[name].append(await request_us(apps[name], REQUESTS))
        took["counting_us"].append(_elapsed_us(recorder.second) / REQUESTS)
        recorder.drain()
    return took


def _elapsed_us(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return 1e6 * (time.perf_counter() - began)


async def request_us(app: ASGIApp, requests: int) -> float:
    """Microseconds per request, one after the other.

    Raises:
        RuntimeError: an answer was none of 200.
    """
    statuses: list[int] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scopes = [_scope() for _ in range(requests)]
    began = time.perf_counter()
    for scope in scopes:
        await app(scope, _receive, send)
    took = 1e6 * (time.perf_counter() - began) / requests
    if statuses != [200] * requests:
        raise RuntimeError(f"answered {sorted(set(statuses))} instead of 200 only")
    return took


async def _receive() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


def _scope() -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/api/stats",
        "raw_path": b"/api/stats",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1"), (b"user-agent", b"bench"), (b"accept", b"*/*")],
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 80),
    }
