"""The WebSocket, through a real server and a client that is not ours."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
import uvicorn
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from api.services import Services
from pulse import BACKLOG_FRAMES, Part
from tests.waiting import until


@pytest.fixture
async def port(app: Starlette, services: Services) -> AsyncIterator[int]:
    """Where the API is served over TCP, in this test's own loop."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="error"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        await until(lambda: server.started)
        yield listening.getsockname()[1]
        services.pulse.close()
        server.should_exit = True
        await serving


async def receive(client: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(5):
        message = await client.recv()
    assert isinstance(message, str)
    found: dict[str, Any] = orjson.loads(message)
    return found


async def test_the_history_comes_first_and_then_each_frame(port: int, services: Services) -> None:
    pulse = services.pulse
    pulse.publish(lambda: Part(series={"n": 1.0}))
    first = pulse.tick()
    async with connect(f"ws://localhost:{port}/api/live") as client:
        history = await receive(client)
        assert (history["id"], len(history["at"])) == (first.id, 1)
        for _ in range(3):
            ticked = pulse.tick()
            assert (await receive(client))["id"] == ticked.id
        assert pulse.listeners == 1
    await until(lambda: pulse.listeners == 0)


async def test_who_comes_back_gets_what_was_missed(port: int, services: Services) -> None:
    seen = services.pulse.tick()
    services.pulse.tick()
    async with connect(f"ws://localhost:{port}/api/live?after={seen.id}") as client:
        assert len((await receive(client))["at"]) == 1
    async with connect(f"ws://localhost:{port}/api/live?after=" + "9" * 6000) as client:
        assert len((await receive(client))["at"]) == 2


async def test_closing_the_pulse_ends_the_connection(port: int, services: Services) -> None:
    async with connect(f"ws://localhost:{port}/api/live") as client:
        await receive(client)
        services.pulse.close()
        with pytest.raises(ConnectionClosed) as caught:
            await receive(client)
    assert caught.value.rcvd is not None
    assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (1001, "Subpulse is stopping")


@pytest.mark.parametrize("said", ["hello" * 100, b"\x00\xff"], ids=["text", "bytes"])
async def test_what_a_client_says_is_ignored(port: int, services: Services, said: str | bytes) -> None:
    async with connect(f"ws://localhost:{port}/api/live") as client:
        await receive(client)
        await client.send(said)
        async with asyncio.timeout(5):
            await (await client.ping())  # answered after it was read
        for _ in range(BACKLOG_FRAMES):
            await asyncio.sleep(0)  # whatever follows from it, follows now
        services.pulse.tick()
        assert "series" in await receive(client)
        assert services.pulse.listeners == 1


async def test_a_client_that_vanishes_leaves_nothing_behind(port: int, services: Services) -> None:
    client = await connect(f"ws://localhost:{port}/api/live")
    await receive(client)
    client.transport.abort()
    await client.wait_closed()
    for _ in range(BACKLOG_FRAMES):
        services.pulse.tick()
    await until(lambda: services.pulse.listeners == 0)


@pytest.mark.parametrize("origin", ["https://evil.example.org", "http://localhost:1", "null", "http://["])
async def test_a_foreign_page_may_not_listen(port: int, services: Services, origin: str) -> None:
    with pytest.raises(InvalidStatus) as caught:
        await connect(f"ws://localhost:{port}/api/live", additional_headers={"Origin": origin})
    assert caught.value.response.status_code == 403
    assert services.pulse.listeners == 0


async def test_a_name_that_merely_resolves_to_this_machine_is_foreign(port: int) -> None:
    rebound = f"rebound.example.org:{port}"
    with pytest.raises(InvalidStatus) as caught:
        await connect(
            f"ws://{rebound}/api/live",
            host="127.0.0.1",
            port=port,
            additional_headers={"Origin": f"http://{rebound}"},
        )
    assert caught.value.response.status_code == 403


@pytest.mark.parametrize("origin", [None, "http://localhost:{port}", "https://wall.example.org"])
async def test_tools_our_own_page_and_one_that_the_operator_named_may(port: int, origin: str | None) -> None:
    headers = {} if origin is None else {"Origin": origin.format(port=port)}
    async with connect(f"ws://localhost:{port}/api/live", additional_headers=headers) as client:
        assert "series" in await receive(client)
