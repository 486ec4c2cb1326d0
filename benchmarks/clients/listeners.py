"""Many listeners on one WebSocket path, in one process: counts what arrives and how late in the second."""

import asyncio
import time
from typing import Any

from benchmarks.clients.websocket import FrameCounter
from benchmarks.summary import quantile
from benchmarks.worker import serve

OPENING_AT_ONCE = 20
OPEN_SECONDS = 30


class Listeners:
    """Open them, reset the counts, count, close them."""

    def __init__(self) -> None:
        self._all: list[FrameCounter] = []
        self._before: list[int] = []
        self._delays: list[float] = []
        self._bytes = 0

    async def open(self, port: int, path: str, count: int) -> dict[str, int]:
        """Connect so many, and wait until each has its first message."""
        slots = asyncio.Semaphore(OPENING_AT_ONCE)
        async with asyncio.timeout(OPEN_SECONDS):
            self._all += await asyncio.gather(*(self._open(slots, port, path) for _ in range(count)))
            await asyncio.gather(*(listener.first for listener in self._all))
        return {"open": len(self._all)}

    async def _open(self, slots: asyncio.Semaphore, port: int, path: str) -> FrameCounter:
        async with slots:
            _, listener = await asyncio.get_running_loop().create_connection(
                lambda: FrameCounter(f"127.0.0.1:{port}", path, self._note), "127.0.0.1", port
            )
            await listener.open
            return listener

    def _note(self, size: int) -> None:
        self._bytes += size
        self._delays.append(time.time() % 1)

    async def reset(self) -> None:
        """Count from now on."""
        self._before = [listener.messages for listener in self._all]
        self._delays.clear()
        self._bytes = 0

    async def count(self) -> dict[str, Any]:
        """Messages since the reset: in all, by the slowest and the fastest; lateness after the full second."""
        counts = [now.messages - before for now, before in zip(self._all, self._before, strict=True)]
        return {
            "open": sum(not listener.closed.done() for listener in self._all),
            "messages": sum(counts),
            "fewest": min(counts),
            "most": max(counts),
            "bytes_each": self._bytes / max(sum(counts), 1),
            "delay_ms_p50": 1000 * quantile(self._delays, 0.5) if self._delays else None,
            "delay_ms_p99": 1000 * quantile(self._delays, 0.99) if self._delays else None,
        }

    async def close(self) -> None:
        """Let all go."""
        for listener in self._all:
            listener.close()
        await asyncio.gather(*(listener.closed for listener in self._all))
        self._all.clear()


if __name__ == "__main__":
    listeners = Listeners()
    serve(
        {
            "open": listeners.open,
            "reset": listeners.reset,
            "count": listeners.count,
            "close": listeners.close,
        }
    )
