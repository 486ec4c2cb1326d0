"""Tells every cache in front of us what was written, beside the work: gathered over a moment, tried a few times.

Every process tells what it heard once it has forgotten it itself. So the last one to tell has no older answer left
to give, and a cache that asked another process in between is told again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

import httpx
import structlog

from api.edge.targets import Target
from api.responses.policy import SURROGATE_PREFIX

log = structlog.get_logger()

GATHER_SECONDS = 0.05  # a batch of writes is one purge
UNHEARD_SECONDS = 0.2  # between looks whether we hear of writes again
TIMEOUT_SECONDS = 5.0
PAUSES_SECONDS = (0.2, 1.0, 5.0)  # before each further try
ALL = "*"
Sleep = Callable[[float], Awaitable[object]]


@dataclass(slots=True)
class PurgeCounts:
    """What one target was told since the process began: requests that succeeded, keys in them, tries that failed,
    and keys given up, which the cache forgets when their time is over."""

    purges: int = 0
    keys: int = 0
    failed_tries: int = 0
    given_up: int = 0
    last_failure: str | None = None


@dataclass(slots=True)
class _Line:
    """What is still to be told to one target."""

    target: Target
    keys: set[str] = field(default_factory=set)
    some: asyncio.Event = field(default_factory=asyncio.Event)
    counts: PurgeCounts = field(default_factory=PurgeCounts)


class EdgePurger:
    """Hears tags, tells targets their keys; a slow target holds up neither writes nor the others.

    Args:
        keys_of: by which keys answers are known that these tags make wrong; none where that is not worth telling.
        hears: whether this process hears of writes. While PostgreSQL is away nothing is told: an edge would only lose
            what it can still answer. Once we hear again, it is told to forget everything.
    """

    def __init__(
        self,
        targets: Iterable[Target],
        keys_of: Callable[[Collection[str]], set[str]],
        http: Callable[[], httpx.AsyncClient],
        sleep: Sleep = asyncio.sleep,
        hears: Callable[[], bool] = lambda: True,
    ) -> None:
        self._lines = [_Line(target) for target in targets]
        self._keys_of = keys_of
        self._http, self._sleep, self._hears = http, sleep, hears

    def hear(self, tags: Collection[str]) -> None:
        """Note what was written; `*` is everything. Returns at once."""
        keys = {SURROGATE_PREFIX} if ALL in tags else self._keys_of(tags)
        for line in self._lines if keys else ():
            line.keys |= keys
            line.some.set()

    async def run(self) -> None:
        """Tell, until cancelled."""
        if not self._lines:
            await asyncio.Event().wait()
        async with self._http() as http, asyncio.TaskGroup() as telling:
            for line in self._lines:
                telling.create_task(self._tell_forever(http, line))

    async def _tell_forever(self, http: httpx.AsyncClient, line: _Line) -> None:
        while True:
            await line.some.wait()
            await self._sleep(GATHER_SECONDS)
            while not self._hears():
                await self._sleep(UNHEARD_SECONDS)
            keys, line.keys = line.keys, set()
            line.some.clear()
            if SURROGATE_PREFIX in keys:
                keys = {SURROGATE_PREFIX}  # every answer of ours carries it
            told, most = sorted(keys), line.target.most_keys
            for begin in range(0, len(told), most):
                await self._tell(http, line, told[begin : begin + most])

    async def _tell(self, http: httpx.AsyncClient, line: _Line, keys: Sequence[str]) -> None:
        counts = line.counts
        for pause in (*PAUSES_SECONDS, None):
            why = await _failure(http, line.target.request(keys))
            if why is None:
                counts.purges += 1
                counts.keys += len(keys)
                if counts.last_failure is not None:
                    log.info("edge told again", edge=line.target.name)
                counts.last_failure = None
                return
            counts.failed_tries += 1
            if counts.last_failure is None:
                log.warning("edge not told what to forget", edge=line.target.name, reason=why)
            counts.last_failure = why
            if pause is not None:
                await self._sleep(pause)
        counts.given_up += len(keys)

    def counts(self) -> dict[str, PurgeCounts]:
        """What each target was told, by its name."""
        return {line.target.name: line.counts for line in self._lines}


async def _failure(http: httpx.AsyncClient, request: httpx.Request) -> str | None:
    """Why the target did not do as it was asked; never its answer's body, which may repeat what we sent."""
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            answer = await http.send(request)
    except (httpx.HTTPError, TimeoutError) as exc:
        return type(exc).__name__
    return None if answer.is_success else f"status {answer.status_code}"
