"""/api/live: the pulse, as a WebSocket for browsers and as server-sent events for tools.

A browser allows six HTTP/1.1 connections per host over all its tabs, so event streams would starve the seventh
tab; WebSockets are not counted among them.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Header, HTTPException, Query, Request, WebSocket
from fastapi.responses import StreamingResponse
from starlette.websockets import WebSocketDisconnect

from api.services import services_of
from pulse import Pulse
from settings import LOOPBACK, Settings

router = APIRouter()


@router.get("/live", summary="One frame a second, as server-sent events")
async def events(
    request: Request,
    after: Annotated[str | None, Query(max_length=50, description="id of the last frame seen")] = None,
    last_event_id: Annotated[str | None, Header(max_length=50)] = None,
) -> StreamingResponse:
    """First an event `history` with the last 15 minutes (or what was missed), then an event `frame` a second."""
    services = services_of(request)
    origin = request.headers.get("origin")
    if not origin_allowed(origin, request.headers.get("host", ""), services.settings):
        raise HTTPException(403, refusal(origin))
    return StreamingResponse(
        _as_events(services.pulse, last_event_id or after),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _as_events(pulse: Pulse, after: str | None) -> AsyncIterator[bytes]:
    async for message in pulse.listen(after):
        yield b"id: %b\nevent: %b\ndata: %b\n\n" % (message.id.encode(), message.kind.encode(), message.data)


@router.websocket("/live")
async def socket(websocket: WebSocket) -> None:
    """The same frames as text messages; `?after=ID` resumes."""
    services = services_of(websocket)
    origin = websocket.headers.get("origin")
    if not origin_allowed(origin, websocket.headers.get("host", ""), services.settings):
        await websocket.close(1008, refusal(origin))
        return
    await websocket.accept()
    sending = asyncio.create_task(_send_all(websocket, services.pulse, websocket.query_params.get("after")))
    leaving = asyncio.create_task(_until_left(websocket))
    _, pending = await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _send_all(websocket: WebSocket, pulse: Pulse, after: str | None) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):  # gone in the middle of a message
        async for message in pulse.listen(after):
            await websocket.send_text(message.text)
        await websocket.close(1001, "Subpulse is stopping")


async def _until_left(websocket: WebSocket) -> None:
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass  # what a listener says, text or bytes, is ignored


def refusal(origin: str | None) -> str:
    """Why a foreign page may not listen, and how to allow it; short enough for a WebSocket's close reason."""
    return f"origin {(origin or '')[:60]} may not listen; allow it with ALLOWED_ORIGINS"


def origin_allowed(origin: str | None, host: str, settings: Settings) -> bool:
    """Whether a page of that origin may listen: our own, or one the operator named.

    Tools send no Origin and may. A name that merely resolves to this machine is not ours (DNS rebinding), so on a
    loopback address only loopback names count.
    """
    if origin is None or origin in settings.allowed_origins:
        return True
    try:
        page = urlsplit(origin)
    except ValueError:  # such as http://[
        return False
    if page.netloc.lower() != host.lower():
        return False
    return settings.bind_address not in LOOPBACK or page.hostname in LOOPBACK
