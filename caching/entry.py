"""One kept answer, and what it weighs."""

import hashlib
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

SizeOf = Callable[[Any], int]
GUESSED_BYTES = 1024  # of a value whose size nobody tells


class Missing(Enum):
    """The one value that no answer can be, so that None may be one."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING


@dataclass(slots=True)
class Entry:
    """An answer with what it took to get; moments are seconds of the namespace's timer.

    Attributes:
        size_bytes: of key and value.
        cost_seconds: what computing it took, be it here or in another process.
        began: when computing it began: nothing written before that is unknown to it. Minus infinity where another
            process began it, whose clock is not ours.
        kept_at: when it was kept here.
        quiet_until: until when it is served without a further thought.
        fresh_until: until when it needs no other one; between the two a hot one is refreshed early.
        tags: its own, beside those of its namespace.
        is_negative: it says that there is nothing.
        hits: how often it was served, those of the answers it replaced included.
        visits: how often it was asked lately, 3 at most; what the store goes by.
        retry_at: not refreshed again before.
    """

    value: Any
    size_bytes: int
    cost_seconds: float
    began: float
    kept_at: float
    quiet_until: float
    fresh_until: float
    tags: tuple[str, ...] = ()
    is_negative: bool = False
    hits: int = 0
    visits: int = 0
    retry_at: float = 0.0


def size_of_bytes(value: Any) -> int:
    """Bytes of bytes, of a text, or of nothing; anything else is a guess."""
    if isinstance(value, (bytes, str)):
        return len(value)
    return 0 if value is None else GUESSED_BYTES


def key_text(key: Hashable) -> str:
    """A key as people know it; the same in every process."""
    return key if isinstance(key, str) else repr(key)


def key_digest(text: str) -> str:
    """The text of a key in 32 characters, none of them a space: what its tag and its place in Redis are called by."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
