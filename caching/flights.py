"""One computation per key at a time: whoever asks meanwhile waits for that one."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Flight:
    """A computation under way; `began` in seconds of the namespace's timer."""

    future: asyncio.Future[Any]
    began: float


class Flights:
    """Those of one namespace, by key and generation: nobody who asks after a write joins one begun before it."""

    def __init__(self) -> None:
        self._under_way: dict[tuple[int, Hashable], Flight] = {}

    def __len__(self) -> int:
        return len(self._under_way)

    def get(self, generation: int, key: Hashable) -> Flight | None:
        return self._under_way.get((generation, key))

    async def fly(
        self, generation: int, key: Hashable, began: float, compute: Callable[[], Awaitable[Any]]
    ) -> Any:
        """Compute, and let the others have the answer, or the error."""
        future = asyncio.get_running_loop().create_future()
        flight = self._under_way[generation, key] = Flight(future, began)
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
            if self._under_way.get((generation, key)) is flight:
                del self._under_way[generation, key]
        future.set_result(value)
        return value
