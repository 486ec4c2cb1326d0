import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from collectors import reuse
from collectors.reuse import CountedTransport, Reuse

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n%b\r\n{}"


@pytest.fixture(autouse=True)
def counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reuse, "_clients", {})


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """A server that keeps its connections, unless it is asked for /close."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            closes = b"/close" in head
            writer.write(ANSWER % (b"Connection: close\r\n" if closes else b""))
            if closes:
                break
        writer.close()

    async def quietly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except asyncio.IncompleteReadError:
            writer.close()

    server = await asyncio.start_server(quietly, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=CountedTransport("archive", httpx.AsyncHTTPTransport()))


async def test_requests_over_one_connection_are_reuse(url: str) -> None:
    async with client() as http:
        for _ in range(10):
            await http.get(url)
    counted = reuse.reuse()["archive"]
    assert (counted.requests, counted.connections, counted.rate) == (10, 1, 90)


async def test_connections_that_the_other_side_ends_are_opened_anew(url: str) -> None:
    async with client() as http:
        for _ in range(4):
            await http.get(f"{url}/close")
    assert reuse.reuse()["archive"] == Reuse(requests=4, connections=4)
    assert reuse.reuse()["archive"].rate == 0


async def test_a_client_opened_again_goes_on_counting(url: str) -> None:
    for _ in range(2):
        async with client() as http:
            await http.get(url)
            await http.get(url)
    assert reuse.reuse()["archive"] == Reuse(requests=4, connections=2)


async def test_whoever_traces_a_request_is_still_told(url: str) -> None:
    events: list[str] = []

    async def note(event: str, info: object) -> None:
        events.append(event)

    async with client() as http:
        await http.get(url, extensions={"trace": note})
    assert "connection.connect_tcp.complete" in events


async def test_what_was_never_sent_is_no_request() -> None:
    async with client() as http:
        with pytest.raises(httpx.ConnectError):
            await http.get("http://127.0.0.1:1")
    assert reuse.reuse()["archive"] == Reuse()
    assert Reuse().rate is None
