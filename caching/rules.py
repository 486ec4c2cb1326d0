"""What a namespace is held to: bounds and times, checked once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from caching.entry import SizeOf, size_of_bytes

SHORTEST_SECONDS, LONGEST_SECONDS = 300.0, 3600.0
MAX_ITEMS = 1000
MAX_BYTES = 64 * 2**20
NEGATIVE_SECONDS = 30.0
EARLY_SHARES = (0.05, 0.2)  # of the TTL, before whose end a hot answer is refreshed


@dataclass(frozen=True, slots=True)
class Rules:
    """Bounds and times of one namespace.

    Attributes:
        ttl_seconds: how long an answer is fresh. From 5 to 60 minutes where writes are told by tags; where nothing
            tells of them, this is how old an answer may be, and it may be shorter.
        tags: what it depends on; a write of one of them empties it.
        max_items: entries at most.
        max_bytes: bytes of keys and values at most.
        stale_seconds: how long past its time an answer is still served while a new one is computed.
        negative_seconds: how long the answer that there is nothing is fresh, where the TTL is not shorter still.
        size_of: bytes of a value; without it, those of bytes and texts are known and the rest is a guess.
        is_negative: which answers say that there is nothing.
        is_shared: whether answers go to the second level too; they have to be bytes.

    Raises:
        ValueError: a number out of its range, and what the range is.
    """

    ttl_seconds: float
    tags: tuple[str, ...] = ()
    max_items: int = MAX_ITEMS
    max_bytes: int = MAX_BYTES
    stale_seconds: float = 0.0
    negative_seconds: float = NEGATIVE_SECONDS
    size_of: SizeOf = size_of_bytes
    is_negative: Callable[[Any], bool] = lambda value: value is None
    is_shared: bool = False

    def __post_init__(self) -> None:
        shortest = SHORTEST_SECONDS if self.tags else 0
        if not shortest <= self.ttl_seconds <= LONGEST_SECONDS or not self.ttl_seconds:
            raise ValueError(
                f"ttl_seconds={self.ttl_seconds:g}: from {shortest:g} to {LONGEST_SECONDS:g}"
                f"{'' if self.tags else ', and more than 0'}"
            )
        for name in ("max_items", "max_bytes"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)}: at least 1")
        for name, most in (("stale_seconds", self.ttl_seconds), ("negative_seconds", LONGEST_SECONDS)):
            if not 0 <= getattr(self, name) <= most:
                raise ValueError(f"{name}={getattr(self, name):g}: from 0 to {most:g}")
