"""The listeners' WebSocket: every message once, however it is cut, and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import ServerConnection, serve

from benchmarks.clients.listeners import Listeners
from benchmarks.clients.websocket import FrameCounter

HANDSHAKE = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
Sizes = list[int]


class Wire:
    """A transport that only remembers."""

    def __init__(self) -> None:
        self.written = bytearray()
        self.aborted = False

    def write(self, data: bytes) -> None:
        self.written += data

    def abort(self) -> None:
        self.aborted = True


def text(payload: bytes, first: int = 0x81) -> bytes:
    """A server's frame, unmasked."""
    size = len(payload)
    if size < 126:
        return bytes([first, size]) + payload
    if size < 2**16:
        return bytes([first, 126]) + size.to_bytes(2, "big") + payload
    return bytes([first, 127]) + size.to_bytes(8, "big") + payload


@pytest.fixture
async def connected() -> tuple[FrameCounter, Wire, Sizes]:
    sizes: Sizes = []
    counter, wire = FrameCounter("localhost", "/live", sizes.append), Wire()
    counter.connection_made(wire)  # type: ignore[arg-type]
    wire.written.clear()
    return counter, wire, sizes


@asynccontextmanager
async def serving(handler: Callable[[ServerConnection], Awaitable[None]]) -> AsyncIterator[int]:
    async with serve(handler, "127.0.0.1", 0, compression=None) as server:
        yield next(iter(server.sockets)).getsockname()[1]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536])
async def test_a_message_of_any_length_is_one(connected, size):
    counter, _, sizes = connected
    counter.data_received(HANDSHAKE + text(b"x" * size) + text(b"next"))
    assert sizes == [size, 4]


@pytest.mark.parametrize("cut", [1, 2, 3, 7, 1000])
async def test_it_does_not_matter_where_the_stream_is_cut(connected, cut):
    counter, _, sizes = connected
    stream = (
        HANDSHAKE + text(b"a" * 5) + text(b"b" * 300) + text(b"hi", 0x89) + text(b"c" * 70_000) + text(b"")
    )
    for at in range(0, len(stream), cut):
        counter.data_received(stream[at : at + cut])
    assert sizes == [5, 300, 70_000, 0]
    assert counter.messages == 4


async def test_fragments_of_a_message_are_one_message(connected):
    counter, _, sizes = connected
    counter.data_received(HANDSHAKE + text(b"abc", 0x01) + text(b"def", 0x00) + text(b"g", 0x80))
    assert sizes == [7]


async def test_a_ping_is_answered_with_its_payload_masked(connected):
    counter, wire, sizes = connected
    counter.data_received(HANDSHAKE + text(b"hi", 0x89))
    assert bytes(wire.written) == bytes([0x8A, 0x82, 0, 0, 0, 0]) + b"hi"
    assert sizes == []


async def test_a_refused_handshake_is_an_error(connected):
    counter, wire, _ = connected
    counter.data_received(b"HTTP/1.1 403 Forbidden\r\n\r\n")
    with pytest.raises(ConnectionError, match="403 Forbidden"):
        await counter.open
    assert wire.aborted


async def test_a_close_ends_the_connection(connected):
    counter, wire, _ = connected
    counter.data_received(HANDSHAKE + text((1001).to_bytes(2, "big"), 0x88))
    assert wire.aborted


async def test_a_real_server_counts_the_same():
    sent = asyncio.Event()
    go = asyncio.Event()

    async def handler(connection: ServerConnection) -> None:
        await connection.send("history" * 30_000)
        await go.wait()
        for number in range(5):
            await connection.send("x" * 100 * number)
        await connection.ping()  # its pong says that all before it was read
        sent.set()
        await connection.wait_closed()

    listeners = Listeners()
    async with serving(handler) as port:
        assert await listeners.open(port, "/", 3) == {"open": 3}
        await listeners.reset()
        go.set()
        await asyncio.wait_for(sent.wait(), 5)
        async with asyncio.timeout(5):
            while (counted := await listeners.count())["messages"] < 15:  # noqa: ASYNC110 - it is another loop's
                await asyncio.sleep(0.01)
        await listeners.close()
    assert (counted["open"], counted["messages"], counted["fewest"], counted["most"]) == (3, 15, 5, 5)
    assert counted["bytes_each"] == 200


async def test_a_listener_that_was_dropped_is_not_counted_as_open():
    async def handler(connection: ServerConnection) -> None:
        await connection.send("history")

    listeners = Listeners()
    async with serving(handler) as port:
        await listeners.open(port, "/", 2)
        await listeners.reset()
        async with asyncio.timeout(5):
            while (await listeners.count())["open"]:  # noqa: ASYNC110 - it is another loop's
                await asyncio.sleep(0.01)
        await listeners.close()
