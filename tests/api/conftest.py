"""The API on a real database: routes and middleware as the process has them, without the dashboard around."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import orjson
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from api.app import declared_routes, routes
from api.hosts import KnownHosts
from api.responses.computed import Computed
from api.responses.front import Front
from api.responses.policy import Edge
from api.responses.table import Table
from api.services import Services, make_cache
from api.telemetry import Telemetry
from categorization.classify import Classifier
from db.database import Database
from db.requests import RequestRecorder
from pulse import Pulse
from settings import Settings

Problem = dict[str, Any]
NO_EDGE = Edge()


@pytest.fixture
def broken() -> dict[str, str]:
    """Parts that do not work, with the reason; a test fills it."""
    return {}


@pytest.fixture
def services(db: Database, settings: Settings, classifier: Classifier, broken: dict[str, str]) -> Services:
    cache, stats, subreddits = make_cache()
    return Services(
        settings=settings,
        db=db,
        pulse=Pulse(),
        cache=cache,
        stats=stats,
        subreddits=subreddits,
        requests=RequestRecorder(),
        classifier=classifier,
        checks={"database": lambda: broken.get("database"), "queue": lambda: broken.get("queue")},
        source_state=lambda: "alive",
    )


def table_of(services: Services, edge: Edge = NO_EDGE) -> Table:
    """The declared routes, whose answers the services' cache keeps."""
    table = declared_routes(routes(services), edge)
    table.keep_in(services.cache)
    return table


def front_of(
    services: Services,
    edge: Edge = NO_EDGE,
    hosts: frozenset[str] = frozenset(),
    table: Table | None = None,
) -> Starlette:
    """Routes and middleware in the order in which app.py has them."""
    table = table or table_of(services, edge)
    return Starlette(
        routes=routes(services),
        middleware=[
            Middleware(Front, table=table, recorder=services.requests, hosts=hosts, shows_age=edge.is_told),
            Middleware(KnownHosts, hosts=hosts),
            Middleware(Telemetry, recorder=services.requests),
            Middleware(Computed, table=table),
        ],
    )


@pytest.fixture
def app(services: Services) -> Starlette:
    return front_of(services)


@pytest.fixture
async def http(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8501") as client:
        yield client


@pytest.fixture
def problem() -> Callable[[httpx.Response], Problem]:
    """The problem that an answer is; fails when it is none."""

    def read(answer: httpx.Response) -> Problem:
        assert answer.headers["content-type"] == "application/problem+json"
        body: Problem = orjson.loads(answer.content)
        assert body["status"] == answer.status_code
        assert body["type"] == "about:blank"
        assert body["title"]
        assert body["detail"]
        return body

    return read
