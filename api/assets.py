"""/assets/plotly.min.js: the library that draws live charts, from the installed package, compressed once."""

import asyncio
import gzip
from functools import cache
from pathlib import Path

import plotly
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PLOTLY_JS = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
FOREVER = "public, max-age=31536000, immutable"  # the address carries the version


@cache
def _compressed() -> bytes:
    return gzip.compress(PLOTLY_JS.read_bytes(), compresslevel=6)


async def plotly_js(request: Request) -> Response:
    """plotly.min.js, gzip for whoever takes it."""
    headers = {"Cache-Control": FOREVER, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        body = await asyncio.to_thread(_compressed)
        headers["Content-Encoding"] = "gzip"
    else:
        body = await asyncio.to_thread(PLOTLY_JS.read_bytes)
    return Response(body, media_type="text/javascript", headers=headers)


routes = [Route("/assets/plotly.min.js", plotly_js)]
