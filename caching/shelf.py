"""What a namespace keeps, how it is forgotten, and what came of it.

An answer computed before a write and kept after it would outlive the invalidation. So there is a generation that an
invalidation raises, and an answer is kept only if nothing it depends on was written since it was begun.
"""

import random
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

from caching.entry import Entry, key_digest, key_text
from caching.figures import Counters, PastKeys
from caching.rules import EARLY_SHARES, Rules
from caching.store import Store
from caching.tags import TagIndex

SWEEP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A value with what is known of it before it is kept; see Entry for the names.

    Attributes:
        seconds: how long it is fresh.
        generation: in which it was begun.
    """

    value: Any
    tags: tuple[str, ...]
    cost_seconds: float
    began: float
    seconds: float
    generation: int
    is_negative: bool = False


@dataclass(slots=True)
class Shelf:
    """Answers by key, up to the bounds of the rules; moments are seconds of the namespace's timer."""

    rules: Rules
    counters: Counters = field(default_factory=Counters)
    past: PastKeys = field(default_factory=PastKeys)
    index: TagIndex = field(default_factory=TagIndex)
    generation: int = 0
    store: Store = field(init=False)
    _next_sweep: float = 0.0

    def __post_init__(self) -> None:
        self.store = Store(self.rules.max_items, self.rules.max_bytes, self._left)

    def keep(self, key: Hashable, answer: Answer, now: float) -> bool:
        """Whether the answer is current; then it was kept, if there is room for it at all."""
        text = key_text(key)
        if self.index.was_written_since(answer.generation, (*answer.tags, key_digest(text))):
            return False
        self.sweep(now)
        before = self.store.entries.get(key)
        if before is not None:
            self.index.remove(key, before.tags)
        if self.store.put(key, self._entry(answer, len(text), now)):
            self.index.add(key, answer.tags)
        return True

    def _entry(self, answer: Answer, key_bytes: int, now: float) -> Entry:
        fresh_until = quiet_until = now + answer.seconds
        if (
            not answer.is_negative
        ):  # a hot one is refreshed before its time, in each process at another moment
            quiet_until -= answer.seconds * random.uniform(*EARLY_SHARES)
        return Entry(
            answer.value,
            self.rules.size_of(answer.value) + key_bytes,
            answer.cost_seconds,
            answer.began,
            now,
            quiet_until,
            fresh_until,
            answer.tags,
            answer.is_negative,
        )

    def patience(self, entry: Entry) -> float:
        """How many seconds past its time an answer is still served."""
        return 0.0 if entry.is_negative else self.rules.stale_seconds

    def expire(self, keys: Iterable[Hashable]) -> None:
        """The time of these is over."""
        self.counters.expirations += self.store.remove_all(keys)

    def sweep(self, now: float) -> None:
        """Drop what is out of time, now and then."""
        if now >= self._next_sweep:
            self._next_sweep = now + SWEEP_SECONDS
            entries = self.store.entries.items()
            self.expire(key for key, entry in entries if now >= entry.fresh_until + self.patience(entry))

    def forget_all(self, by_hand: bool) -> int:
        """How many answers were kept."""
        self.generation += 1
        self.index.note_all(self.generation)
        return self._count(self.store.remove_all(), by_hand)

    def forget_tag(self, tag: str, is_computing: bool) -> int:
        """How many of the answers kept carried a tag of their own."""
        if not self.index.in_use:
            return 0
        self.generation += is_computing
        keys = self.index.note(tag, self.generation, remember=is_computing)
        return self._count(self.store.remove_all(keys), by_hand=False) if keys else 0

    def forget_key(self, digest: str, is_computing: bool) -> int:
        """1 if the answer whose key has this digest was kept."""
        self.generation += 1
        self.index.note(digest, self.generation, remember=is_computing)
        keys = [key for key in self.store.entries if key_digest(key_text(key)) == digest]
        return self._count(self.store.remove_all(keys), by_hand=True)

    def _count(self, count: int, by_hand: bool) -> int:
        self.counters.invalidations += 1
        self.counters.forgotten += count
        if by_hand:
            self.counters.forgotten_by_hand += count
        return count

    def _left(self, key: Hashable, entry: Entry) -> None:
        self.past.add(key, entry.hits)
        self.index.remove(key, entry.tags)
