"""Who may ask /metrics, how, and in which format it answers."""

from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from api.app import routes
from api.hosts import KnownHosts, allowed_hosts
from api.services import Services
from api.telemetry import Telemetry
from tests.api.conftest import Problem

TOKENS = ("first-token", "second-token")
PLAIN = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PROTOBUF = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
WITH_NATIVE_HISTOGRAMS = (  # as Prometheus 2.42 asks once it may have them
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,"
    "application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
WITHOUT = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", PLAIN),
        ("*/*", PLAIN),
        ("text/html,application/xhtml+xml,*/*;q=0.8", PLAIN),
        ("application/json", PLAIN),
        ("application/openmetrics-text", OPENMETRICS),
        ("Application/OpenMetrics-Text; Version=1.0.0", OPENMETRICS),
        ("application/openmetrics-text;version=0.0.1", PLAIN),
        ("application/openmetrics-text;q=0,text/plain;q=0.1", PLAIN),
        ("text/plain;q=0.2,application/openmetrics-text;q=0.9", OPENMETRICS),
        (WITHOUT, OPENMETRICS),
        (PROMETHEUS_3, OPENMETRICS),
        (WITH_NATIVE_HISTOGRAMS, PROTOBUF),
        ("application/vnd.google.protobuf", PLAIN),
        ("application/openmetrics-text;q=high", PLAIN),
        ("application/openmetrics-text;q=nan", PLAIN),
        (";,;=;q*0=;\"',,q=", PLAIN),
    ],
)
async def test_it_answers_in_the_format_asked_for_and_else_in_text(
    http: httpx.AsyncClient, accept: str, content_type: str
) -> None:
    answer = await http.get("/metrics", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, content_type)
    assert (answer.headers["vary"], answer.headers["cache-control"]) == ("Accept", "no-store")
    assert answer.text.endswith("# EOF\n") == (content_type == OPENMETRICS)
    assert answer.text.startswith("# HELP ") == (content_type != PROTOBUF)


def asking(services: Services, **settings: object) -> httpx.AsyncClient:
    """The routes behind the process's own middleware, with other settings."""
    services = replace(services, settings=services.settings.model_copy(update=settings))
    app = Starlette(
        routes=routes(services),
        middleware=[
            Middleware(KnownHosts, hosts=allowed_hosts(services.settings)),
            Middleware(Telemetry, recorder=services.requests),
        ],
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost:8501")


@pytest.mark.parametrize(
    "sent", ["Bearer first-token", "Bearer second-token", "bearer first-token", "Bearer  first-token "]
)
async def test_each_of_the_tokens_opens_it(services: Services, sent: str) -> None:
    async with asking(services, api_tokens=TOKENS) as http:
        answer = await http.get("/metrics", headers={"Authorization": sent})
    assert answer.status_code == 200
    assert answer.text.startswith("# HELP ")


@pytest.mark.parametrize(
    "sent",
    [
        "Bearer first",
        "Bearer first-tokens",
        "Bearer first-token second-token",
        "Bearer ",
        "Bearer",
        "first-token",
        "Basic first-token",
        "Bearer caf\xe9",
    ],
)
async def test_a_token_that_is_none_of_them_is_refused(
    services: Services, problem: Callable[[httpx.Response], Problem], sent: str
) -> None:
    async with asking(services, api_tokens=TOKENS) as http:
        answer = await http.get("/metrics", headers={"Authorization": sent.encode("latin-1")})
    assert answer.status_code == 401
    assert "this token is not among API_TOKENS" in problem(answer)["detail"]
    assert answer.headers["www-authenticate"] == 'Bearer realm="Subpulse", error="invalid_token"'
    assert "first-token" not in answer.text


async def test_without_a_token_it_says_what_to_send(
    services: Services, problem: Callable[[httpx.Response], Problem]
) -> None:
    async with asking(services, api_tokens=TOKENS) as http:
        answer = await http.get("/metrics?token=first-token")
    assert answer.status_code == 401
    assert problem(answer)["title"] == "Unauthorized"
    assert "send Authorization: Bearer TOKEN with one of API_TOKENS" in problem(answer)["detail"]
    assert answer.headers["www-authenticate"] == 'Bearer realm="Subpulse"'


async def test_while_none_is_set_it_is_open_whatever_is_sent(services: Services) -> None:
    async with asking(services) as http:
        assert (await http.get("/metrics")).status_code == 200
        assert (await http.get("/metrics", headers={"Authorization": "Bearer old"})).status_code == 200


async def test_a_token_opens_it_under_a_known_name_only(services: Services) -> None:
    sent = {"Authorization": "Bearer first-token", "Host": "evil.example:8501"}
    async with asking(services, api_tokens=TOKENS) as http:
        refused = await http.get("/metrics", headers=sent)
    assert refused.status_code == 403
    assert "ALLOWED_ORIGINS" in refused.json()["detail"]


async def test_scrapes_are_not_among_what_is_timed(services: Services) -> None:
    async with asking(services, api_tokens=TOKENS) as http:
        await http.get("/metrics")
        await http.get("/metrics", headers={"Authorization": "Bearer first-token"})
        await http.post("/metrics")
    assert services.requests.drain().count == 0


async def test_it_is_asked_with_get_or_head(http: httpx.AsyncClient) -> None:
    assert (await http.head("/metrics")).status_code == 200
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        refused = await http.request(method, "/metrics")
        assert refused.status_code == 405
        assert set(refused.headers["allow"].split(", ")) == {"GET", "HEAD"}
