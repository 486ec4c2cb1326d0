"""Answers shared through Redis, as bytes with what they cost and what they depend on.

Correct without trusting Redis to be there. Each process marks in Redis what it hears was written, and until Redis has
said yes to that, it does not ask Redis for answers; so what a process knows to be written it never finds there. What
Redis has forgotten, or remembers from before a restart, matches no mark any more (lua/read.lua).
A Redis that is slow or gone costs one time-out. Then this level is off, and one task sees when it is back.
"""

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

import orjson
import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from caching.redis_server import Spent, figures_of
from caching.rules import LONGEST_SECONDS
from caching.second_level import Found, Token

log = structlog.get_logger()
T = TypeVar("T")

TIMEOUT_SECONDS = 0.05  # what a lookup may take, connecting included; the price of an outage, paid once
RETURN_SECONDS = 1.0  # what may be taken to find out whether it is back
LOOK_EVERY_SECONDS = 0.25
CONNECTIONS = 8
MOST_BYTES = 4 * 2**20  # of an answer
MOST_OFFERS = 64  # under way; what comes beyond is not shared
MOST_WORDS = 1000  # not yet passed on; beyond, everything is forgotten instead
MARKS_LIVE_MS = int(2e3 * LONGEST_SECONDS)  # longer than any answer that names them
WORDS_LIVE_MS = 60_000
ALL, ANY = "*", "*any"  # marks of what concerns every answer, and of any write at all
SCRIPTS = Path(__file__).parent / "lua"
TROUBLE = (RedisError, OSError, TimeoutError)


class RedisLevel:
    """One Redis, as a second level of the namespaces that are shared.

    Args:
        url: as in REDIS_URL.
    """

    def __init__(self, url: str) -> None:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=RETURN_SECONDS,
            socket_connect_timeout=RETURN_SECONDS,
            socket_timeout=None,  # each use has its own bound
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
        self._redis = Redis.from_pool(pool)
        self._prefix = self._channel = ""  # told by `run`; nothing works before
        self._read, self._write, self._forget = (
            self._redis.register_script((SCRIPTS / f"{script}.lua").read_text())
            for script in ("read", "write", "forget")
        )
        self.works = False
        self.trouble: str | None = "not asked yet"
        self.counters = dict.fromkeys(("reads", "found", "offers", "refused", "outages"), 0)
        self._spent = Spent()
        self._unsent: deque[str] = deque()
        self._gaps = 0
        self._told: set[str] = set()
        self._sending = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, hear: Callable[[str], None], name: str, version: str) -> None:
        """Until cancelled: hear words of writes that others pass on, and bring this level back when it is off.

        Args:
            name: of the data that answers are computed from; processes with the same data hear each other.
            version: of the program; only those of the same version share answers.
        """
        self._channel = name
        self._prefix = f"{name} {version}:"
        try:
            while True:
                try:
                    await self._attend(hear)
                except TROUBLE as exc:
                    self._break(exc)
                await asyncio.sleep(LOOK_EVERY_SECONDS)
        finally:
            for task in self._tasks:
                task.cancel()
            await self._redis.aclose()
            await self._redis.connection_pool.disconnect()

    async def _attend(self, hear: Callable[[str], None]) -> None:
        async with self._redis.pubsub(ignore_subscribe_messages=True) as words:
            async with asyncio.timeout(RETURN_SECONDS):
                await words.subscribe(self._channel)
            while True:
                if not self.works:
                    await self._return()
                word = await words.get_message(timeout=LOOK_EVERY_SECONDS)
                if word is not None:
                    hear(word["data"].decode(errors="replace"))

    async def _return(self) -> None:
        """Connect, tell what is unsent, and see whether a lookup is answered in its time: slow is as good as gone."""
        async with asyncio.timeout(RETURN_SECONDS):
            await self._redis.ping()
            await self._settle()
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await self._ask(self._place("", ""))
        self.works = True
        log.info("shared cache works", after=self.trouble)
        self.trouble = None

    def _break(self, exc: Exception) -> None:
        """Off until the task has found it working; each reason is said once an outage."""
        why = " ".join(str(exc).split()) or "no answer in time"
        if self.works:
            self.counters["outages"] += 1
            self._told.clear()
        if why not in self._told:
            self._told.add(why)
            log.warning("REDIS_URL: shared cache off, memory serves alone", why=why)
        self.works, self.trouble = False, why

    async def read(self, namespace: str, digest: str) -> Found | Token | None:
        """The answer under a key's digest; or leave to put one there; or None while this level is off."""
        if not self.works:
            return None
        place = self._place(namespace, digest)
        self.counters["reads"] += 1
        began = time.perf_counter()
        answer = await self._bounded(self._ask(place))
        if answer is None:
            return None
        self._spent.add(time.perf_counter() - began)
        return self._understood(answer, place)

    async def _ask(self, place: str) -> Sequence[Any]:
        await self._settle()
        arguments: list[Any] = [self._mark(""), _new_mark(), MARKS_LIVE_MS]
        answer: Sequence[Any] = await self._read([place, self._mark(ANY)], arguments)
        return answer

    def _understood(self, answer: Sequence[Any], place: str) -> Found | Token:
        if not answer[0]:
            return Token(place, answer[1])
        self.counters["found"] += 1
        _, ms_left, header, value = answer
        told = orjson.loads(header)
        tags = tuple(tag for tag in told["marks"] if tag != ALL)
        return Found(value, float(told["cost"]), tags, ms_left / 1e3)

    def offer(
        self, token: Token, tags: tuple[str, ...], value: bytes, cost_seconds: float, seconds: float
    ) -> None:
        """Put an answer there some time soon; refused where anything was written since the token was given."""
        if (
            self.works
            and isinstance(value, bytes)
            and len(value) <= MOST_BYTES
            and len(self._tasks) < MOST_OFFERS
        ):
            self._in_background(self._put(token, tags, value, cost_seconds, seconds))

    async def _put(
        self, token: Token, tags: tuple[str, ...], value: bytes, cost_seconds: float, seconds: float
    ) -> None:
        self.counters["offers"] += 1
        life_ms = max(1, int(1e3 * seconds))
        head: list[Any] = [self._mark(""), _new_mark(), MARKS_LIVE_MS, token.state, life_ms, cost_seconds]
        keys = [token.place, self._mark(ANY)]
        stored = await self._bounded(self._stored(keys, [*head, value, ALL, *tags]))
        self.counters["refused"] += stored == 0

    async def _stored(self, keys: list[str], arguments: list[Any]) -> int:
        """1 if it is there; 0 also where Redis has no room, which is no outage: it reads on."""
        try:
            return int(await self._write(keys, arguments))
        except ResponseError as exc:
            log.debug("answer not shared", why=str(exc))
            return 0

    def pass_on(self, word: str) -> None:
        """A word of a write was heard: mark it in Redis, where it also reaches those who only hear Redis."""
        if len(self._unsent) < MOST_WORDS:
            self._unsent.append(word)
            self._send_soon()
        else:
            self.gap()

    def gap(self) -> None:
        """Words may have been lost: nothing that is in Redis now is to be trusted."""
        self._gaps += 1
        self._send_soon()

    def _send_soon(self) -> None:
        if self.works and not self._sending.locked():
            self._in_background(self._bounded(self._settle()))

    async def _settle(self) -> None:
        """Have Redis know all that was heard. Those who come meanwhile wait for the one who is at it."""
        if not (self._unsent or self._gaps or self._sending.locked()):
            return
        async with self._sending:
            while self._gaps:
                noticed = self._gaps
                await self._redis.unlink(self._mark(ALL), self._mark(ANY))
                self._gaps -= noticed
            while self._unsent:
                word = self._unsent[0]
                gone = [self._mark(ANY), *map(self._gone_with, word.split(" ")[1:])]
                seen = self._prefix + "word:" + blake2b(word.encode(), digest_size=16).hexdigest()
                told: list[Any] = [WORDS_LIVE_MS, self._channel, word]
                await self._forget([seen, *gone], told)
                self._unsent.popleft()

    def _gone_with(self, tag: str) -> str:
        """What to delete in Redis when a tag is written."""
        kind, _, rest = tag.partition(":")
        return self._place(*rest.rsplit(":", 1)) if kind == "key" else self._mark(tag)

    async def _bounded(self, work: Awaitable[T]) -> T | None:
        """What it brings within the time-out; otherwise None, and this level is off."""
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                return await work
        except TROUBLE as exc:
            self._break(exc)
            return None

    def _in_background(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _place(self, namespace: str, digest: str) -> str:
        return f"{self._prefix}entry:{namespace}:{digest}"

    def _mark(self, tag: str) -> str:
        return f"{self._prefix}mark:{tag}"

    def stats(self) -> dict[str, Any]:
        """Whether it works, why not, what it did since the process began, counted, and what its latest reads took."""
        return {"works": self.works, "trouble": self.trouble, **self.counters, **self._spent.told()}

    async def server(self) -> dict[str, Any]:
        """What the server says of its memory (ServerFigures); takes no part in an outage."""
        return asdict(await figures_of(self._redis, RETURN_SECONDS))


def _new_mark() -> str:
    return secrets.token_hex(8)
