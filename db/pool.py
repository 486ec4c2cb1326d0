"""A pool that knows how long it was waited for, how often its connections were used again, and how old they are."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic, perf_counter
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import psycopg
from psycopg_pool import AsyncConnectionPool

from db import histogram

Connection = psycopg.AsyncConnection[Any]
Configure = Callable[[Connection], Awaitable[None]]
FOLD_AT = 1_000  # waits held one by one before they are counted


@dataclass(frozen=True, slots=True)
class PoolUse:
    """What a pool was used for since it was made; ages in seconds, None without a connection.

    Attributes:
        handed_out: connections given to whoever asked.
        made: connections opened.
        waits: how long whoever asked had to wait, in vain or not, as counts per bucket, shape (BUCKETS,).
    """

    handed_out: int = 0
    made: int = 0
    waits: histogram.Counts = field(default_factory=lambda: np.zeros(histogram.BUCKETS, np.int64))
    oldest_seconds: float | None = None
    mean_age_seconds: float | None = None

    @property
    def reuse(self) -> float | None:
        """How often a connection was handed out, in the mean; None before the first was made."""
        return self.handed_out / self.made if self.made else None


@dataclass(frozen=True, slots=True)
class PoolState:
    """The pool at one moment: connections open, in use, and requests waiting for one; and its use until then.

    Attributes:
        executions, reuses: statements executed, and those that reused a prepared one, since the process began;
            of statements of which that is known.
    """

    size: int
    in_use: int
    waiting: int
    limit: int
    use: PoolUse = field(default_factory=PoolUse)
    executions: int = 0
    reuses: int = 0


class MeasuredPool(AsyncConnectionPool[Connection]):
    """The pool, with an eye on who asks and on what it opens."""

    def __init__(self, *args: Any, configure: Configure, **options: Any) -> None:
        self._handed_out = self._made = 0
        self._waited: list[float] = []
        self._waits = np.zeros(histogram.BUCKETS, np.int64)
        self._born: WeakKeyDictionary[Connection, float] = WeakKeyDictionary()
        self._and_configure = configure
        super().__init__(*args, configure=self._note, **options)

    async def _note(self, connection: Connection) -> None:
        """A new connection is about to join."""
        self._made += 1
        self._born[connection] = monotonic()
        await self._and_configure(connection)

    async def getconn(self, timeout: float | None = None) -> Connection:
        began = perf_counter()
        try:
            connection = await super().getconn(timeout)
            self._handed_out += 1
            return connection
        finally:
            self._waited.append(perf_counter() - began)
            if len(self._waited) >= FOLD_AT:
                self._fold()

    def _fold(self) -> None:
        waited, self._waited = self._waited, []
        if waited:
            self._waits = self._waits + histogram.counts_of(waited)

    def use(self) -> PoolUse:
        """As of now."""
        self._fold()
        now = monotonic()
        ages = [now - since for connection, since in self._born.items() if not connection.closed]
        return PoolUse(
            self._handed_out,
            self._made,
            self._waits,
            max(ages, default=None),
            sum(ages) / len(ages) if ages else None,
        )
