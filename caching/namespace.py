"""One kind of answer: found, waited for, computed, and computed anew before anybody has to wait."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from functools import partial
from typing import Any

import structlog

from caching.entry import MISSING, Entry, Missing, key_digest, key_text
from caching.figures import Counters, told
from caching.flights import Flights
from caching.hearing import MOST_STALE_SECONDS, Hearing
from caching.rules import Rules
from caching.second_level import Found, SecondLevel, Token
from caching.shelf import Answer, Shelf
from caching.store import MOST_VISITS
from caching.tags import namespace_tag

log = structlog.get_logger()

Compute = Callable[[], Awaitable[Any]]
Tags = tuple[str, ...] | Callable[[Any], tuple[str, ...]]  # known beforehand, or told by the answer

HOT_HITS = 10  # what was asked less often is not worth refreshing early
REFRESH_AGAIN_SECONDS = 5.0  # after a refresh that failed


class Namespace:
    """Answers by key.

    Args:
        hearing: whether this process hears of writes; one without an end where it is left out.
        level: where answers are shared with other processes.
        timer: seconds.
    """

    def __init__(
        self,
        name: str,
        rules: Rules,
        hearing: Hearing | None = None,
        level: SecondLevel | None = None,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self.rules = name, rules
        self._all_tags = (namespace_tag(name), *rules.tags)
        self._hearing = hearing or Hearing(timer)
        self._level = level if rules.is_shared else None
        self._timer = timer
        self._shelf = Shelf(rules)
        self._entries = self._shelf.store.entries
        self._flights = Flights()
        self._refreshing: set[asyncio.Task[Any]] = set()
        self.counters: Counters = self._shelf.counters

    @property
    def items(self) -> int:
        """Answers kept now."""
        return len(self._entries)

    def find(self, key: Hashable) -> Any | Missing:
        """The kept answer where it can be served without a further thought, else MISSING; then `get` knows more."""
        entry = self._entries.get(key)
        if entry is None:
            return MISSING
        now = self._timer()
        if now >= entry.quiet_until or (
            now >= self._hearing.until and now >= entry.began + MOST_STALE_SECONDS
        ):
            return MISSING
        return self._hit(entry)

    async def get(self, key: Hashable, compute: Compute, tags: Tags = ()) -> Any:
        """The kept answer, or a new one; whoever asks for the same key meanwhile waits for that one.

        Args:
            tags: what this answer depends on beside its namespace's tags, such as `subreddit:t5_2qh1i`; a function
                of the answer where it is not known beforehand.
        """
        value = self.find(key)
        return await self._get_slowly(key, compute, tags) if value is MISSING else value

    def entry(self, key: Hashable) -> Entry | None:
        """What is kept under a key, be it fresh or not; counts as nobody's asking."""
        return self._entries.get(key)

    def entries(self) -> list[Entry]:
        """All that is kept, be it fresh or not."""
        return list(self._entries.values())

    def invalidate(self, by_hand: bool = False) -> int:
        """Forget every answer, also those being computed now; how many were kept."""
        return self._shelf.forget_all(by_hand)

    def forget(self, tag: str) -> int:
        """Forget the answers that carry a tag of their own, also those being computed; how many were kept."""
        return self._shelf.forget_tag(tag, is_computing=bool(self._flights))

    def forget_key(self, digest: str) -> int:
        """Forget the answer whose key has this digest (`entry.key_digest`); 1 if it was kept."""
        return self._shelf.forget_key(digest, is_computing=bool(self._flights))

    def stats(self) -> dict[str, Any]:
        """Its figures for people: counts, percent, seconds, bytes, milliseconds saved."""
        now, store = self._timer(), self._shelf.store
        self._shelf.sweep(now)
        return {
            "namespace": self.name,
            **told(self.counters, self._entries, now),
            "items": self.items,
            "max_items": store.max_items,
            "bytes": store.size_bytes,
            "max_bytes": store.max_bytes,
            "ttl_seconds": self.rules.ttl_seconds,
            "evictions": store.evictions,
            "is_shared": self._level is not None,
        }

    def top_keys(self, limit: int = 10) -> list[dict[str, Any]]:
        """The keys most asked for since the process began: key, hits, is_kept, bytes, cost_ms."""
        return self._shelf.past.top(self._entries, limit)

    def _hit(self, entry: Entry) -> Any:
        counters = self.counters
        counters.hits += 1
        counters.saved_seconds += entry.cost_seconds
        if entry.is_negative:
            counters.negative_hits += 1
        entry.hits += 1
        if entry.visits < MOST_VISITS:
            entry.visits += 1
        return entry.value

    async def _get_slowly(self, key: Hashable, compute: Compute, tags: Tags) -> Any:
        now, entry = self._timer(), self._entries.get(key)
        if entry is not None:
            if not self._hearing.covers(entry.began, now):
                self.counters.uncovered += 1
            elif now < entry.fresh_until + self._shelf.patience(entry):
                return self._hit_late(key, entry, compute, tags, now)
            else:
                self._shelf.expire([key])
        while (flight := self._flights.get(self._shelf.generation, key)) is not None:
            if not self._hearing.covers(flight.began, self._timer()):
                break
            await asyncio.wait([flight.future])
            if not flight.future.cancelled():  # else whoever computed it gave up, and one of us takes over
                self.counters.hits += 1
                return flight.future.result()
        return await self._fly(key, partial(self._fill, key, compute, tags), tags)

    def _hit_late(self, key: Hashable, entry: Entry, compute: Compute, tags: Tags, now: float) -> Any:
        """Serve what is near its end or a little past it, and see to another one."""
        is_stale = now >= entry.fresh_until
        self.counters.stale += is_stale
        if is_stale or entry.hits >= HOT_HITS:
            self._refresh(key, entry, compute, tags, now)
        return self._hit(entry)

    def _refresh(self, key: Hashable, entry: Entry, compute: Compute, tags: Tags, now: float) -> None:
        """Compute it anew beside those who ask, unless somebody does or it failed just now."""
        if now < entry.retry_at or self._flights.get(self._shelf.generation, key) is not None:
            return
        entry.retry_at = now + REFRESH_AGAIN_SECONDS
        self.counters.refreshes += 1
        work = self._fly(key, partial(self._compute, key, compute, tags, None), tags)
        task = asyncio.create_task(work)
        self._refreshing.add(task)
        task.add_done_callback(self._refreshed)

    def _refreshed(self, task: asyncio.Task[Any]) -> None:
        self._refreshing.discard(task)
        if not task.cancelled() and (exc := task.exception()) is not None:
            log.warning("answer not refreshed", namespace=self.name, why=" ".join(str(exc).split()))

    async def _fly(self, key: Hashable, fill: Callable[[int, float], Awaitable[Any]], tags: Tags) -> Any:
        if tags:
            self._shelf.index.in_use = True
        generation, began = self._shelf.generation, self._timer()
        return await self._flights.fly(generation, key, began, partial(fill, generation, began))

    async def _fill(self, key: Hashable, compute: Compute, tags: Tags, generation: int, began: float) -> Any:
        """From the second level where it has it, else computed."""
        if self._shelf.store.is_ghost(key):
            self.counters.ghost_hits += 1
        token = None
        if self._level is not None and self._hearing.is_on:
            found = await self._level.read(self.name, key_digest(key_text(key)))
            if isinstance(found, Found):
                return self._found(key, found, generation)
            token = found
        self.counters.misses += 1
        return await self._compute(key, compute, tags, token, generation, began)

    def _found(self, key: Hashable, found: Found, generation: int) -> Any:
        self.counters.hits += 1
        self.counters.shared_hits += 1
        self.counters.saved_seconds += found.cost_seconds
        own = tuple(tag for tag in found.tags if tag not in self._all_tags)
        began = float("-inf")  # in another process, so only while we hear of writes is it trusted
        answer = Answer(found.value, own, found.cost_seconds, began, found.seconds_left, generation)
        self._shelf.keep(key, answer, self._timer())
        return found.value

    async def _compute(
        self,
        key: Hashable,
        compute: Compute,
        tags: Tags,
        token: Token | None,
        generation: int,
        began: float,
    ) -> Any:
        started = time.perf_counter()
        value = await compute()
        cost = time.perf_counter() - started
        self.counters.computing_seconds += cost
        own = tags if isinstance(tags, tuple) else tags(value)
        is_negative, seconds = self.rules.is_negative(value), self.rules.ttl_seconds
        if is_negative:
            seconds = min(seconds, self.rules.negative_seconds)
        answer = Answer(value, own, cost, began, seconds, generation, is_negative)
        is_current = self._shelf.keep(key, answer, self._timer())
        if is_current and token is not None and self._level is not None and not is_negative:
            self._level.offer(token, (*self._all_tags, *own), value, cost, seconds)
        return value
