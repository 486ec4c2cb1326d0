"""Both middlewares that are compared do their work on the requests by which they are measured."""

import asyncio

import pytest

from api.telemetry import Telemetry
from benchmarks.figures.telemetry import bare, instrumented, one_route, request_us
from db.requests import RequestRecorder

REQUESTS = 7


@pytest.mark.parametrize("app", [one_route(), bare], ids=["FastAPI", "bare"])
def test_ours_notes_every_request_under_its_route(app):
    recorder = RequestRecorder()
    asyncio.run(request_us(Telemetry(app, recorder), REQUESTS))
    recorder.drain()
    assert {key: counted.count for key, counted in recorder.totals.items()} == {
        ("/api/stats", "GET", 2): REQUESTS
    }


def test_the_instrumentator_counts_every_request_under_its_route():
    why = "only `make bench` installs the peer"
    pytest.importorskip("prometheus_fastapi_instrumentator", reason=why)
    registry = pytest.importorskip("prometheus_client", reason=why).CollectorRegistry()
    asyncio.run(request_us(instrumented(registry), REQUESTS))
    labels = {"handler": "/api/stats", "method": "GET", "status": "2xx"}
    assert registry.get_sample_value("http_requests_total", labels) == REQUESTS


def test_an_application_that_fails_is_not_measured():
    async def absent(scope, receive, send):
        await send({"type": "http.response.start", "status": 404, "headers": []})

    with pytest.raises(RuntimeError, match="404"):
        asyncio.run(request_us(absent, REQUESTS))
