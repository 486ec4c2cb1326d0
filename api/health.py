"""/health: one word for a load balancer, one line per part for a person."""

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.responses.policy import cacheable
from api.services import Services
from settings import VERSION

KEPT_SECONDS = 1.0  # and no longer than every part says the same as then


def health_route(services: Services) -> Route:
    """GET /health: 200 when all needed parts work, else 503 with the reason. Answered from memory."""

    def state() -> tuple[object, ...]:
        return (*(check() for check in services.checks.values()), services.source_state())

    @cacheable(seconds=KEPT_SECONDS, state=state)
    async def health(request: Request) -> Response:
        parts = {name: check() for name, check in services.checks.items()}
        broken = {name: why for name, why in parts.items() if why is not None}
        body = {
            "status": "down" if broken else "ok",
            "reason": "; ".join(f"{name}: {why}" for name, why in broken.items()) or None,
            "parts": {name: {"ok": why is None, "reason": why} for name, why in parts.items()},
            "source": {"name": services.settings.source, "state": services.source_state()},
            "version": VERSION,
        }
        return Response(
            orjson.dumps(body),
            status_code=503 if broken else 200,
            media_type="application/json",
            headers={"Cache-Control": "no-store"},
        )

    return Route("/health", health)
