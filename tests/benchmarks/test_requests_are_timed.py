"""The /health client: all answers, kept connections, and a wait for a free one counts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from benchmarks.clients.requests import CONNECTIONS, content_length, measure

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Answers:
    """A server that gives one answer to each request, in two pieces; counts both and connections."""

    def __init__(self, answer: bytes = OK) -> None:
        self.answer, self.requests, self.connections = answer, 0, 0
        self.serving: set[asyncio.Task[None]] = set()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.serving.add(asyncio.current_task())
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self.requests += 1
                writer.write(self.answer[:20])
                await writer.drain()
                writer.write(self.answer[20:])
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


@asynccontextmanager
async def serving(answers: Answers) -> AsyncIterator[int]:
    server = await asyncio.start_server(answers.handle, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.wait(answers.serving, timeout=5)


async def test_each_answer_is_timed_and_connections_are_kept():
    answers = Answers()
    async with serving(answers) as port:
        took = await measure(port, "/health", rate=500, seconds=0.2)
    assert len(took) == answers.requests > 20
    assert answers.connections <= CONNECTIONS
    assert min(took) > 0


async def test_the_same_seed_asks_at_the_same_moments():
    async with serving(Answers()) as port:
        counts = {len(await measure(port, "/health", rate=500, seconds=0.1, seed=1)) for _ in range(2)}
    assert len(counts) == 1


async def test_an_answer_other_than_200_is_an_error():
    async with serving(Answers(OK.replace(b"200 OK", b"503 Service Unavailable"))) as port:
        with pytest.raises(ExceptionGroup) as raised:
            await measure(port, "/health", rate=500, seconds=0.1)
    assert raised.group_contains(ConnectionError, match="503 Service Unavailable")


@pytest.mark.parametrize(
    ("head", "length"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 12", 12),
        (b"HTTP/1.1 200 OK\r\nx: y\r\ncontent-length:7", 7),
        (b"HTTP/1.1 204 No Content", 0),
    ],
)
def test_the_length_stands_in_the_head(head, length):
    assert content_length(head) == length
