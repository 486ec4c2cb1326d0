"""`python -m benchmarks.distant_reddit PORT MS`: a Reddit of any number of communities that answers after some time.

It knows every id it is asked for, and counts the requests.
"""

import asyncio
import sys

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

LIMIT = 1_000_000


class DistantReddit:
    """What each path answers."""

    def __init__(self, latency_seconds: float) -> None:
        self.latency_seconds, self.requests = latency_seconds, 0

    async def token(self, _: Request) -> Response:
        return _json({"access_token": "bench", "token_type": "bearer", "expires_in": 86_400})

    async def info(self, request: Request) -> Response:
        self.requests += 1
        await asyncio.sleep(self.latency_seconds)
        ids = [one for one in request.query_params.get("id", "").split(",") if one][:100]
        children = [{"kind": "t5", "data": _community(one)} for one in ids]
        return _json(
            {"kind": "Listing", "data": {"after": None, "before": None, "children": children}},
            {
                "x-ratelimit-used": str(self.requests),
                "x-ratelimit-remaining": f"{LIMIT - self.requests}.0",
                "x-ratelimit-reset": "599",
            },
        )

    async def counted(self, _: Request) -> Response:
        return _json({"requests": self.requests})


def app(latency_seconds: float) -> Starlette:
    """The ASGI app."""
    reddit = DistantReddit(latency_seconds)
    return Starlette(
        routes=[
            Route("/api/v1/access_token", reddit.token, methods=["POST"]),
            Route("/api/info", reddit.info),
            Route("/counted", reddit.counted),
        ]
    )


def _community(fullname: str) -> dict[str, object]:
    """The fields that Subpulse reads, and about as much text as others have."""
    id36 = fullname.removeprefix("t5_")
    return {
        "id": id36,
        "name": fullname,
        "display_name": f"community_{id36}",
        "title": f"The community of {id36}",
        "public_description": "A place for all who like it. " * 4,
        "description": "Rules, links and a word of welcome. " * 20,
        "subreddit_type": "public",
        "over18": False,
        "subscribers": 1_000 + int(id36, 36) % 100_000,
        "quarantine": False,
        "lang": "en",
        "created_utc": 1_400_000_000.0,
    }


def _json(value: object, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(value), headers=headers, media_type="application/json")


if __name__ == "__main__":
    port, latency_ms = int(sys.argv[1]), float(sys.argv[2])
    uvicorn.run(app(latency_ms / 1000), host="127.0.0.1", port=port, log_level="error")
