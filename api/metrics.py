"""GET /metrics for Prometheus: text, OpenMetrics, or protobuf with native histograms, whichever it asks for."""

import secrets

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.exposition.accept import format_for
from api.figures import families
from api.problems import problem
from api.services import Services


def metrics_route(services: Services) -> Route:
    """Answered from memory in a few milliseconds; with a token only, once API_TOKENS names some."""

    async def metrics(request: Request) -> Response:
        sent = request.headers.get("authorization", "")
        if services.settings.api_tokens and not _is_known(sent, services.settings.api_tokens):
            return _refused(sent)
        wanted = format_for(request.headers.get("accept", ""))
        return Response(
            wanted.encode(families(services)),
            headers={"Content-Type": wanted.content_type, "Cache-Control": "no-store", "Vary": "Accept"},
        )

    return Route("/metrics", metrics)


def _is_known(sent: str, tokens: tuple[str, ...]) -> bool:
    """Compared with every token, in the same time whichever it is, so that answers tell nothing of them."""
    scheme, _, token = sent.partition(" ")
    same = [secrets.compare_digest(token.strip().encode(), one.encode()) for one in tokens]
    return scheme.lower() == "bearer" and any(same)


def _refused(sent: str) -> Response:
    why = "this token is not among API_TOKENS" if sent else "a token is needed"
    answer = problem(401, "Unauthorized", f"{why}; send Authorization: Bearer TOKEN with one of API_TOKENS")
    challenge = 'Bearer realm="Subpulse"'
    answer.headers["WWW-Authenticate"] = f'{challenge}, error="invalid_token"' if sent else challenge
    return answer
