"""What a namespace asks of a level that several processes share."""

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Found:
    """An answer that another process computed, checked against every write this process knows of."""

    value: bytes
    cost_seconds: float
    tags: tuple[str, ...]
    seconds_left: float


@dataclass(frozen=True, slots=True)
class Token:
    """Leave to put an answer at a place; `state` is what had been written until then."""

    place: str
    state: Any


class SecondLevel(Protocol):
    """Shared answers. No call raises, nor takes longer than a bounded time-out."""

    async def read(self, namespace: str, digest: str) -> Found | Token | None:
        """The answer under a key's digest; or leave to put one there; or None where the level does not work."""
        ...

    def offer(
        self, token: Token, tags: tuple[str, ...], value: bytes, cost_seconds: float, seconds: float
    ) -> None:
        """Put an answer there some time soon; refused where anything was written since the token was given."""
        ...

    def pass_on(self, word: str) -> None:
        """A word of a write was heard."""
        ...

    def gap(self) -> None:
        """Words may have been lost."""
        ...

    def stats(self) -> dict[str, Any]:
        """Whether it works, why not, and what it did, counted."""
        ...

    async def server(self) -> dict[str, Any]:
        """What whoever keeps the answers says of its memory, for people."""
        ...
