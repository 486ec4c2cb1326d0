"""What uvicorn itself can do: every request gets the same status, headers and body, read from a file at the start.

BARE_ANSWER names the file: headers as lines of `name: value`, an empty line, the body.
"""

import os
from pathlib import Path

from starlette.types import Receive, Scope, Send

_head, _, BODY = Path(os.environ["BARE_ANSWER"]).read_bytes().partition(b"\n\n")
HEADERS = [(name, value) for name, _, value in (line.partition(b": ") for line in _head.split(b"\n"))]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})
