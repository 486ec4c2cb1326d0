"""One kind of answer: how long it is kept, how it is refreshed, and when it is forgotten.

An answer computed before a write and kept after it would outlive the invalidation. So each namespace has a
generation that an invalidation raises, and an answer is kept only if nothing it depends on was written since it was
begun.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Hashable
from functools import partial
from typing import Any

import structlog

from caching.entry import MISSING, Entry, Missing, key_digest, key_text
from caching.figures import Counters, PastKeys, told
from caching.flights import Flights
from caching.hearing import MOST_STALE_SECONDS, Hearing
from caching.rules import EARLY_SHARES, Rules
from caching.second_level import Found, SecondLevel, Token
from caching.store import Store
from caching.tags import TagIndex

log = structlog.get_logger()

Compute = Callable[[], Awaitable[Any]]
Tags = tuple[str, ...] | Callable[[Any], tuple[str, ...]]  # known beforehand, or told by the answer

HOT_HITS = 10  # what was asked less often is not worth refreshing early
REFRESH_AGAIN_SECONDS = 5.0  # after a refresh that failed
SWEEP_SECONDS = 10.0


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
        self.name, self.rules, self.generation = name, rules, 0
        self.counters = Counters()
        self.past = PastKeys()
        self._hearing = hearing or Hearing(timer)
        self._level = level if rules.is_shared else None
        self._timer = timer
        self._store = Store(rules.max_items, rules.max_bytes, self._left)
        self._entries = self._store.entries
        self._flights = Flights()
        self._index = TagIndex()
        self._refreshing: set[asyncio.Task[Any]] = set()
        self._next_sweep = timer() + SWEEP_SECONDS

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

    def invalidate(self, by_hand: bool = False) -> int:
        """Forget every answer, also those being computed now; how many were kept."""
        self._index.note_all(self._raise())
        return self._count_forgotten(self._store.remove_all(), by_hand)

    def forget(self, tag: str, by_hand: bool = False) -> int:
        """Forget the answers that carry a tag of their own, also those being computed; how many were kept."""
        if not self._index.in_use:
            return 0
        generation = self._raise() if self._flights else self.generation
        keys = self._index.note(tag, generation, remember=bool(self._flights))
        return self._count_forgotten(self._store.remove_all(keys), by_hand) if keys else 0

    def forget_key(self, digest: str, by_hand: bool = True) -> int:
        """Forget the answer whose key has this digest (`entry.key_digest`); 1 if it was kept."""
        self._index.note(digest, self._raise(), remember=bool(self._flights))
        keys = [key for key in self._entries if key_digest(key_text(key)) == digest]
        return self._count_forgotten(self._store.remove_all(keys), by_hand)

    def stats(self) -> dict[str, Any]:
        """Its figures for people: counts, percent, seconds, bytes, milliseconds saved."""
        now, store = self._timer(), self._store
        self._sweep(now)
        return {
            "namespace": self.name,
            **told(self.counters, self._entries, now),
            "items": len(self._entries),
            "max_items": store.max_items,
            "bytes": store.size_bytes,
            "max_bytes": store.max_bytes,
            "ttl_seconds": self.rules.ttl_seconds,
            "evictions": store.evictions,
            "is_shared": self._level is not None,
        }

    def top_keys(self, limit: int = 10) -> list[dict[str, Any]]:
        """The keys most asked for since the process began: key, hits, is_kept, bytes, cost_ms."""
        return self.past.top(self._entries, limit)

    def _hit(self, entry: Entry) -> Any:
        counters = self.counters
        counters.hits += 1
        counters.saved_seconds += entry.cost_seconds
        if entry.is_negative:
            counters.negative_hits += 1
        entry.hits += 1
        entry.visits = 3 if entry.visits > 1 else entry.visits + 1
        return entry.value

    async def _get_slowly(self, key: Hashable, compute: Compute, tags: Tags) -> Any:
        now, entry = self._timer(), self._entries.get(key)
        if entry is not None and self._serves(entry, now):
            if now >= entry.fresh_until:
                self.counters.stale += 1
                self._refresh(key, entry, compute, tags, now)
            elif entry.hits >= HOT_HITS:
                self._refresh(key, entry, compute, tags, now)
            return self._hit(entry)
        while (flight := self._flights.get(self.generation, key)) is not None:
            if not self._hearing.covers(flight.began, self._timer()):
                break
            await asyncio.wait([flight.future])
            if not flight.future.cancelled():  # else whoever computed it gave up, and one of us takes over
                self.counters.hits += 1
                return flight.future.result()
        return await self._fly(key, partial(self._fill, key, compute, tags), tags)

    def _serves(self, entry: Entry, now: float) -> bool:
        """Whether an answer that is no longer quiet may be served all the same."""
        if not self._hearing.covers(entry.began, now):
            self.counters.uncovered += 1
            return False
        patience = 0.0 if entry.is_negative else self.rules.stale_seconds
        return now < entry.fresh_until + patience

    def _refresh(self, key: Hashable, entry: Entry, compute: Compute, tags: Tags, now: float) -> None:
        """Compute it anew beside those who ask, unless somebody does or it failed just now."""
        if now < entry.retry_at or self._flights.get(self.generation, key) is not None:
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
            self._index.in_use = True
        generation, began = self.generation, self._timer()
        return await self._flights.fly(generation, key, began, partial(fill, generation, began))

    async def _fill(self, key: Hashable, compute: Compute, tags: Tags, generation: int, began: float) -> Any:
        """From the second level where it has it, else computed."""
        if self._store.is_ghost(key):
            self.counters.ghost_hits += 1
        token = None
        if self._level is not None and self._hearing.is_on:
            known = tags if isinstance(tags, tuple) else ()
            found = await self._level.read(self.name, key_digest(key_text(key)), (*self.rules.tags, *known))
            if isinstance(found, Found):
                return self._found(key, found, generation)
            token = found
        self.counters.misses += 1
        return await self._compute(key, compute, tags, token, generation, began)

    def _found(self, key: Hashable, found: Found, generation: int) -> Any:
        self.counters.hits += 1
        self.counters.shared_hits += 1
        self.counters.saved_seconds += found.cost_seconds
        began = float("-inf")  # in another process, so only while we hear of writes is it trusted
        self._keep(key, found.value, found.tags, found.cost_seconds, began, found.seconds_left, generation)
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
        is_negative = self.rules.is_negative(value)
        seconds = self.rules.ttl_seconds
        if is_negative:
            seconds = min(seconds, self.rules.negative_seconds)
        if self._keep(key, value, own, cost, began, seconds, generation, is_negative) and token is not None:
            assert self._level is not None
            if not is_negative:
                self._level.offer(token, own, value, cost, seconds)
        return value

    def _keep(
        self,
        key: Hashable,
        value: Any,
        tags: tuple[str, ...],
        cost_seconds: float,
        began: float,
        seconds: float,
        generation: int,
        is_negative: bool = False,
    ) -> bool:
        """Whether it is current, and was kept if there is room for it."""
        text = key_text(key)
        if self._index.was_written_since(generation, (*tags, key_digest(text))):
            return False
        now = self._timer()
        self._sweep(now)
        fresh_until = now + seconds
        before = self._entries.get(key)
        if before is not None:
            self._index.remove(key, before.tags)
        entry = Entry(
            value,
            self.rules.size_of(value) + len(text),
            cost_seconds,
            began,
            now,
            # Hot answers are computed anew before their time, each process at another moment.
            fresh_until if is_negative else fresh_until - seconds * random.uniform(*EARLY_SHARES),
            fresh_until,
            tags,
            is_negative,
        )
        if self._store.put(key, entry):
            self._index.add(key, tags)
        return True

    def _raise(self) -> int:
        """Begin another generation: what is being computed belongs to an older one."""
        self.generation += 1
        return self.generation

    def _count_forgotten(self, count: int, by_hand: bool) -> int:
        self.counters.invalidations += 1
        self.counters.forgotten += count
        if by_hand:
            self.counters.forgotten_by_hand += count
        return count

    def _left(self, key: Hashable, entry: Entry) -> None:
        self.past.add(key, entry.hits)
        self._index.remove(key, entry.tags)

    def _sweep(self, now: float) -> None:
        """Drop what is out of time, now and then."""
        if now >= self._next_sweep:
            self._next_sweep = now + SWEEP_SECONDS
            patience = self.rules.stale_seconds
            over = [key for key, entry in self._entries.items() if now >= entry.fresh_until + patience]
            self.counters.expirations += self._store.remove_all(over)
