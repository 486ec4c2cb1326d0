"""How the sandbox answers: JSON as Reddit writes it, and its refusals."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from collectors.sandbox.pages import found_elsewhere, search_url
from collectors.sandbox.world import State

MESSAGES = {401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}
REFUSALS: dict[State, tuple[int, dict[str, str]]] = {
    "private": (403, {"reason": "private"}),
    "banned": (404, {"reason": "banned"}),
    "quarantined": (403, {"reason": "quarantined", "quarantine_message": "Only for those who opt in."}),
    "gated": (403, {"reason": "gated", "interstitial_warning_message": "Are you sure?"}),
}


def json_answer(request: Request, value: Any) -> Response:
    """JSON; without `raw_json=1`, with `&`, `<` and `>` escaped in every string, as Reddit does."""
    body = orjson.dumps(value)
    if request.query_params.get("raw_json") != "1":
        body = body.replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;")
    return Response(body, media_type="application/json; charset=UTF-8")


def refusal(status: int, more: dict[str, str] | None = None) -> Response:
    """Reddit's JSON for "no"."""
    value = {**(more or {}), "message": MESSAGES[status], "error": status}
    return Response(orjson.dumps(value), status, media_type="application/json; charset=UTF-8")


def refused_as(state: State) -> Response:
    """The answer of a community that is not open."""
    return refusal(*REFUSALS[state])


def missing(name: str) -> Response:
    """The answer for a subreddit that does not exist: a redirect to the search for it."""
    url = search_url(name)
    return Response(found_elsewhere(url), 302, {"location": url}, media_type="text/html")
