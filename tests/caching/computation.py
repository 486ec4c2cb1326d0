"""What a cache is asked to compute, in tests."""

import asyncio


class Computation:
    """Answers `value`, counting how often it was asked; may be held up by a gate."""

    def __init__(self, value: bytes | None = b"answer") -> None:
        self.value, self.calls, self.gate = value, 0, asyncio.Event()
        self.gate.set()

    async def __call__(self) -> bytes | None:
        self.calls += 1
        value = self.value
        await self.gate.wait()
        return value


async def fail() -> bytes:
    raise RuntimeError("PostgreSQL is away")


async def beside_done() -> None:
    """Let what runs in the background go on, to its end if it waits for nothing."""
    for _ in range(10):
        await asyncio.sleep(0)
