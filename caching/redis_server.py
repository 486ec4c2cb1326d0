"""What Redis says of itself, and how long it takes to answer; for people, who have to see that it has room."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

READS_REMEMBERED = 1000


@dataclass(slots=True)
class Spent:
    """Seconds that the latest reads took."""

    seconds: deque[float] = field(default_factory=lambda: deque(maxlen=READS_REMEMBERED))

    def add(self, seconds: float) -> None:
        self.seconds.append(seconds)

    def told(self) -> dict[str, float | None]:
        """p50 and p95 in ms; None before the first read."""
        ordered = sorted(self.seconds)
        return {
            f"read_p{percent}_ms": 1e3 * ordered[len(ordered) * percent // 100] if ordered else None
            for percent in (50, 95)
        }


@dataclass(frozen=True, slots=True)
class ServerFigures:
    """Redis's memory, all that is in it together.

    Attributes:
        version: as it calls itself, `7.0.15`.
        memory_bytes: in use.
        limit_bytes: `maxmemory`; 0 for none.
        policy: `maxmemory_policy`: what it gives up when it is full.
        evicted: keys given up so since it started.
        trouble: why none of this is known, in one line.
    """

    version: str | None = None
    memory_bytes: int | None = None
    limit_bytes: int | None = None
    policy: str | None = None
    evicted: int | None = None
    trouble: str | None = None


async def figures_of(redis: Redis, within_seconds: float) -> ServerFigures:
    """What INFO tells, or why it does not."""
    try:
        async with asyncio.timeout(within_seconds):
            told: dict[str, Any] = await redis.info()
    except (RedisError, OSError, TimeoutError) as exc:
        return ServerFigures(trouble=" ".join(str(exc).split()) or "no answer in time")
    return ServerFigures(
        told.get("redis_version"),
        told.get("used_memory"),
        told.get("maxmemory"),
        told.get("maxmemory_policy"),
        told.get("evicted_keys"),
    )
