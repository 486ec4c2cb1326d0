"""Answers that come as a stream, in pieces, and may break off."""

import asyncio
from collections.abc import AsyncIterator

import httpx


class Pieces(httpx.AsyncByteStream):
    """A body in pieces of `size` bytes; at its end `error` is raised, when there is one."""

    def __init__(self, body: bytes, size: int = 4096, error: Exception | None = None) -> None:
        self.body, self.size, self.error = body, size, error
        self.read = 0
        self.is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.body), self.size):
            piece = self.body[start : start + self.size]
            self.read += len(piece)
            await asyncio.sleep(0)
            yield piece
        if self.error is not None:
            raise self.error

    async def aclose(self) -> None:
        self.is_closed = True
