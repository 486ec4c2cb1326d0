"""Caches as several processes have them: memory of their own, and one Redis."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from caching.cache import Cache
from caching.namespace import Namespace
from caching.redis_level import RedisLevel
from tests.redis_server import RedisServer
from tests.waiting import beside, until


class Process:
    """One that caches `pages`, emptied by `subreddits`, and `others`, by `posts`."""

    def __init__(self, url: str) -> None:
        self.level = RedisLevel(url)
        self.cache = Cache(self.level)
        self.pages = self._add("pages", "subreddits")
        self.others = self._add("others", "posts")

    def _add(self, name: str, tag: str) -> Namespace:
        return self.cache.add(name, ttl_seconds=300, tags=(tag,), is_shared=True)

    def forget_memory(self) -> None:
        """As if it had just been started, without a word to Redis."""
        for namespace in self.cache.namespaces.values():
            namespace.invalidate()

    async def settled(self) -> None:
        """Return when nothing is under way to Redis."""
        await until(lambda: not self.level._tasks)


@asynccontextmanager
async def process(
    server: RedisServer, works: bool = True, version: str = "1", hears: bool = True
) -> AsyncIterator[Process]:
    one = Process(server.url)
    hear = one.cache.hear if hears else str.split
    async with beside(one.level.run(hear, "data", version)):
        if works:
            await until(lambda: one.level.works)
        yield one
