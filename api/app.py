"""The FastAPI application under /api, and what stands beside it at the root."""

from collections.abc import Sequence

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.routing import BaseRoute, Mount

from api import assets, categorization, live, sources, stats, subreddits
from api.health import health_route
from api.metrics import metrics_route
from api.problems import handle_problems
from api.responses.policy import Edge
from api.responses.table import Table, declared
from api.services import Services
from api.telemetry import MOUNT
from settings import VERSION

MODULES = (stats, sources, subreddits, categorization)


def create_api(services: Services) -> FastAPI:
    """The API on these services; its documentation needs no CDN."""
    api = FastAPIOffline(
        title="Subpulse",
        version=VERSION,
        description="What Subpulse has collected, and how it is doing.",
        redoc_url=None,
    )
    api.state.services = services
    handle_problems(api)
    for module in MODULES:
        api.include_router(module.router)
    api.include_router(live.router)
    return api


def routes(services: Services) -> list[BaseRoute]:
    """All routes for the process: /api, /health, /metrics and /assets."""
    own = (health_route(services), metrics_route(services))
    return [Mount(MOUNT, create_api(services)), *own, *assets.routes]


def declared_routes(own: Sequence[BaseRoute], edge: Edge) -> Table:
    """Those among the process's routes, and the API's, that say how their answers may be kept."""
    mounted = {route.path: route.app for route in own if isinstance(route, Mount)}
    within = (route for module in MODULES for route in module.router.routes)
    return Table((*declared(within, edge, mounted[MOUNT], MOUNT), *declared(own, edge)))
