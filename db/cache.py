"""Answers kept in memory: namespaces of an LRU with a time to live, counted, and emptied by writes.

An answer computed before a write and stored after it would outlive the invalidation. So each namespace has a
generation that an invalidation raises, and an answer is stored only in the generation it was begun in.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from cachetools import TTLCache


@dataclass(slots=True)
class Counters:
    """What a namespace did since the process began; seconds as measured."""

    hits: int = 0
    misses: int = 0
    evictions: int = 0
    invalidations: int = 0
    saved_seconds: float = 0.0


@dataclass(slots=True)
class _Entry:
    value: Any
    cost_seconds: float


class _Store(TTLCache[Hashable, _Entry]):
    """A TTLCache that counts what it pushes out to make room."""

    def __init__(self, maxsize: int, ttl: float, timer: Callable[[], float]) -> None:
        super().__init__(maxsize, ttl, timer)
        self.evictions = 0

    def popitem(self) -> tuple[Hashable, _Entry]:
        self.evictions += 1
        return super().popitem()


@dataclass(slots=True)
class Namespace:
    """One kind of answer: how many are kept, and for how long in seconds."""

    name: str
    max_items: int
    ttl_seconds: float
    timer: Callable[[], float] = time.monotonic
    counters: Counters = field(default_factory=Counters)
    generation: int = 0
    _store: _Store = field(init=False)
    _under_way: dict[Hashable, asyncio.Future[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._store = _Store(self.max_items, self.ttl_seconds, self.timer)

    async def get(self, key: Hashable, compute: Callable[[], Awaitable[Any]]) -> Any:
        """The kept answer, or a new one; whoever asks for the same key meanwhile waits for that one."""
        entry = self._store.get(key)
        if entry is not None:
            self.counters.hits += 1
            self.counters.saved_seconds += entry.cost_seconds
            return entry.value
        while (waiting := self._under_way.get((self.generation, key))) is not None:
            await asyncio.wait([waiting])
            if not waiting.cancelled():  # else whoever computed it gave up, and one of us takes over
                self.counters.hits += 1
                return waiting.result()
        self.counters.misses += 1
        return await self._compute(key, compute)

    def look(self, key: Hashable) -> Any:
        """The kept answer, counted as a hit, or None; whoever finds nothing is expected to `get` it."""
        entry = self._store.get(key)
        if entry is None:
            return None
        self.counters.hits += 1
        self.counters.saved_seconds += entry.cost_seconds
        return entry.value

    async def _compute(self, key: Hashable, compute: Callable[[], Awaitable[Any]]) -> Any:
        generation, began = self.generation, time.perf_counter()
        future = asyncio.get_running_loop().create_future()
        self._under_way[generation, key] = future
        try:
            value = await compute()
        except asyncio.CancelledError:
            future.cancel()
            raise
        except BaseException as exc:
            future.set_exception(exc)
            future.exception()  # looked at, so that nobody waiting is no complaint
            raise
        finally:
            del self._under_way[generation, key]
        future.set_result(value)
        if generation == self.generation:
            self._store[key] = _Entry(value, time.perf_counter() - began)
        return value

    def invalidate(self) -> None:
        """Forget every answer, also those being computed now."""
        self.generation += 1
        self.counters.invalidations += 1
        self._store.clear()

    def stats(self) -> dict[str, Any]:
        """Its figures for people: counts, percent, seconds, milliseconds saved."""
        counters, asked = self.counters, self.counters.hits + self.counters.misses
        return {
            "namespace": self.name,
            "hits": counters.hits,
            "misses": counters.misses,
            "hit_rate": 100 * counters.hits / asked if asked else None,
            "items": self._store.currsize,
            "max_items": self.max_items,
            "ttl_seconds": self.ttl_seconds,
            "evictions": self._store.evictions,
            "invalidations": counters.invalidations,
            "saved_ms": counters.saved_seconds * 1e3,
        }


class Cache:
    """Namespaces by name. What each depends on is said by its tags; a write names a tag."""

    def __init__(self) -> None:
        self.namespaces: dict[str, Namespace] = {}
        self._tags: dict[str, list[Namespace]] = {}

    def add(
        self,
        name: str,
        *,
        ttl_seconds: float,
        tags: tuple[str, ...],
        max_items: int = 1000,
        timer: Callable[[], float] = time.monotonic,
    ) -> Namespace:
        """A new namespace, emptied whenever one of `tags` is written."""
        namespace = self.namespaces[name] = Namespace(name, max_items, ttl_seconds, timer)
        for tag in tags:
            self._tags.setdefault(tag, []).append(namespace)
        return namespace

    def invalidate(self, tag: str) -> None:
        """Something tagged so was written."""
        for namespace in self._tags.get(tag, ()):
            namespace.invalidate()

    def invalidate_all(self) -> None:
        """Nobody knows what was written, as after losing the connection that tells."""
        for namespace in self.namespaces.values():
            namespace.invalidate()

    def stats(self) -> list[dict[str, Any]]:
        """Every namespace's figures."""
        return [namespace.stats() for namespace in self.namespaces.values()]
