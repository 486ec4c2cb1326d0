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
    """Where an answer that is about to be computed may be put, and what had been written until then."""

    place: str
    state: Any


class SecondLevel(Protocol):
    """Shared answers. Neither call raises, nor takes longer than a bounded time-out."""

    async def read(self, namespace: str, digest: str, tags: tuple[str, ...]) -> Found | Token | None:
        """The answer under a key's digest; or leave to put one there; or None where the level does not work."""
        ...

    def offer(
        self, token: Token, tags: tuple[str, ...], value: bytes, cost_seconds: float, seconds: float
    ) -> None:
        """Put an answer there some time soon; refused where anything it depends on was written since."""
        ...
