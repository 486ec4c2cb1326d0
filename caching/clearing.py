"""Clear by hand: announced like a write, so that every process hears of it, and waited for until this one has."""

import asyncio
from collections.abc import Awaitable, Callable

from caching.cache import Cache

HEARD_WITHIN_SECONDS = 2.0


class Clearing:
    """Args:
    announce: tells every process that caches, this one included, of tags.
    """

    def __init__(self, cache: Cache, announce: Callable[..., Awaitable[None]]) -> None:
        self._cache, self._announce = cache, announce
        self._waiting: dict[str, asyncio.Event] = {}
        cache.observe(self._heard)

    async def clear(self, tag: str) -> int:
        """How many answers this process forgot.

        Raises:
            TimeoutError: it was announced, but this process does not hear it.
        """
        before = self._forgotten()
        heard = self._waiting.setdefault(tag, asyncio.Event())
        try:
            await self._announce(tag)
            async with asyncio.timeout(HEARD_WITHIN_SECONDS):
                await heard.wait()
        finally:
            self._waiting.pop(tag, None)
        return self._forgotten() - before

    def _heard(self, tags: tuple[str, ...]) -> None:
        for tag in tags:
            if tag in self._waiting:
                self._waiting[tag].set()

    def _forgotten(self) -> int:
        return sum(one.counters.forgotten for one in self._cache.namespaces.values())
