"""Waiting for what another task, thread or process brings about, with patience but without fixed sleeps."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

PATIENCE_SECONDS = 20
LOOK_EVERY_SECONDS = 0.01


async def until(condition: Callable[[], object]) -> None:
    """Return as soon as the condition holds; TimeoutError when patience ends."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - what is waited for sets no event of this loop
            await asyncio.sleep(LOOK_EVERY_SECONDS)


async def until_found(ask: Callable[[], Awaitable[object]]) -> None:
    """The same for a condition that has to be asked for, such as a row in PostgreSQL."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await ask():  # noqa: ASYNC110 - the same
            await asyncio.sleep(LOOK_EVERY_SECONDS)


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run the work beside the body, and cancel it afterwards; what it raised by itself is raised here."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
