"""GET requests at a steady mean rate over kept connections, each timed from when it was due.

Arrivals are random (exponential gaps), so that they meet the pulse in every phase of its second as often as it
deserves. A request that finds no free connection waits, and its wait counts: no coordinated omission.
"""

import asyncio
import random
import time
from collections import deque
from typing import cast

from benchmarks.worker import serve

CONNECTIONS = 8
DRAIN_SECONDS = 10
SEED = 20260


class KeptConnection(asyncio.Protocol):
    """One keep-alive connection with at most one request on its way."""

    def __init__(self) -> None:
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._answered: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)  # uvloop's is one without saying so
        self._transport = transport

    def get(self, request: bytes) -> "asyncio.Future[None]":
        """Send the request; done when its 200 has arrived in full."""
        assert self._transport is not None
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answered

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = bytes(self._buffer).partition(b"\r\n\r\n")
        if not found or len(body) < content_length(head):
            return
        self._buffer.clear()
        assert self._answered is not None
        if head.split(b" ", 2)[1] == b"200":
            self._answered.set_result(None)
        else:
            self._answered.set_exception(ConnectionError(head.split(b"\r\n")[0].decode(errors="replace")))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(ConnectionError("the server closed a kept connection"))
        self.closed.set_result(None)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


def content_length(head: bytes) -> int:
    """The body's length by the answer's head; 0 when it does not say."""
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0


async def measure(port: int, path: str, rate: float, seconds: float, seed: int = SEED) -> list[float]:
    """Milliseconds of every request; `rate` per second on average."""
    loop = asyncio.get_running_loop()
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    connections = [
        (await loop.create_connection(KeptConnection, "127.0.0.1", port))[1] for _ in range(CONNECTIONS)
    ]
    free = deque(connections)
    freed = asyncio.Condition()
    took: list[float] = []

    async def one(began: float) -> None:
        async with freed:
            await freed.wait_for(lambda: bool(free))
            connection = free.popleft()
        await connection.get(request)
        took.append(1000 * (time.perf_counter() - began))
        async with freed:
            free.append(connection)
            freed.notify()

    gaps = random.Random(seed)
    due = time.perf_counter()
    end = due + seconds
    try:
        async with asyncio.timeout(seconds + DRAIN_SECONDS), asyncio.TaskGroup() as under_way:
            while (due := due + gaps.expovariate(rate)) < end:
                if (wait := due - time.perf_counter()) > 0:
                    await asyncio.sleep(wait)
                under_way.create_task(one(time.perf_counter()))
    finally:
        for connection in connections:
            connection.close()
        await asyncio.gather(*(connection.closed for connection in connections))
    return took


if __name__ == "__main__":
    serve({"measure": measure})
