"""How the Graph API says no: an `error` object, with the status that goes with its code."""

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.responses import Response

STATUS = {1: 500, 2: 500, 4: 403, 10: 403}
"""400 for all others, bad tokens included"""
PASSING = {
    1: "An unknown error has occurred.",
    2: "An unexpected error has occurred. Please retry your request later.",
    4: "(#4) Application request limit reached",
    32: "(#32) Page request limit reached",
    613: "(#613) Calls to this api have exceeded the rate limit.",
}


@dataclass(eq=False)
class GraphError(Exception):
    """The Graph API refuses."""

    code: int
    message: str
    subcode: int | None = None
    title: str | None = None
    """for people; only some errors have one"""


def graph_refusal(error: GraphError) -> Response:
    """The answer for an error; only codes are to be relied on."""
    said: dict[str, Any] = {"message": error.message, "type": "OAuthException", "code": error.code}
    if error.subcode is not None:
        said["error_subcode"] = error.subcode
    if error.code in PASSING:
        said["is_transient"] = error.code in (1, 2)
    if error.title is not None:
        said |= {"is_transient": False, "error_user_title": error.title, "error_user_msg": f"{error.title}."}
    trace = hashlib.blake2b(repr(error).encode(), digest_size=9).hexdigest()
    said["fbtrace_id"] = f"A{trace}"
    body = orjson.dumps({"error": said})
    return Response(body, STATUS.get(error.code, 400), media_type="application/json; charset=UTF-8")


def spoilt(trouble: str) -> Response:
    """The answer to a request that fails for a passing reason."""
    if trouble == "503":
        return Response(b"", 503, media_type="text/html")
    return graph_refusal(GraphError(int(trouble), PASSING[int(trouble)]))
