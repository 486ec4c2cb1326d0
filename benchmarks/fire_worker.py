"""One process under fire: reads and writes the same few pairs of rows through a cache, and notes what it saw.

`python -m benchmarks.fire_worker JSON`; what it noted goes to a file as arrays, its counters to its output.
"""

import asyncio
import json
import random
import sys
import time
from array import array
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from caching.cache import Cache
from caching.namespace import Namespace
from caching.redis_level import RedisLevel
from db import written
from db.database import Database
from db.measure import QueryRecorder

WRITE_EVERY_SECONDS = 0.2  # of each writer, on average
READ_EVERY_SECONDS = 0.004  # of each reader
FORGET_EVERY_SECONDS = 1.0  # so that the second level is asked too
DAWDLE_SECONDS, ONE_DAWDLES_OF = 0.3, 5  # at most, between reading the rows and handing out the answer
ONE_IS_LISTED_OF = 6  # reads that depend on every write, and find little

WRITE = "UPDATE fire SET version = version + 1 WHERE pair = %s RETURNING version"
READ = "SELECT version FROM fire WHERE pair = %s ORDER BY half"


@dataclass(slots=True)
class Seen:
    """What happened, a value each: which pair, when (seconds of the machine's monotonic clock), which version."""

    pairs: "array[int]" = field(default_factory=lambda: array("q"))
    moments: "array[float]" = field(default_factory=lambda: array("d"))
    versions: "array[int]" = field(default_factory=lambda: array("q"))

    def add(self, pair: int, moment: float, version: int) -> None:
        self.pairs.append(pair)
        self.moments.append(moment)
        self.versions.append(version)


class Worker:
    """One process; `torn` and `errors` are answers that no write made, and askers who got none."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        self.db = Database(options["conninfo"], options["schema"], QueryRecorder(1e9), pool_size=10)
        self.level = RedisLevel(options["redis_url"])
        self.cache = Cache(self.level)
        self.cache.gap()
        self.listing = self.cache.add("listing", ttl_seconds=300, tags=("fire",), is_shared=True)
        self.single = self.cache.add("single", ttl_seconds=300, tags=(), is_shared=True)
        self.reads, self.writes, self.torn, self.gaps = Seen(), Seen(), 0, 0
        self.ends_at = time.monotonic() + options["seconds"]
        self.random = random.Random(options["seed"])

    async def run(self) -> None:
        await self.db.open()
        beside = [
            asyncio.create_task(
                written.listen(self.db, self.cache.hear, self._gap, self.cache.hearing.extend)
            ),
            asyncio.create_task(self.level.run(self.cache.hear, "fire", "1")),
            asyncio.create_task(self._forget_forever()),
        ]
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self.options["writers"]):
                    group.create_task(self._write())
                for _ in range(self.options["readers"]):
                    group.create_task(self._read())
        finally:
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)
            await self.db.close()

    def _gap(self) -> None:
        self.gaps += 1
        self.cache.gap()

    async def _write(self) -> None:
        while time.monotonic() < self.ends_at:
            pair = self.random.randrange(self.options["pairs"])
            async with self.db.transaction() as session:
                found = await session.connection.execute(WRITE, (pair,))
                version = (await found.fetchall())[0][0]
                await written.announce(session, "fire", f"fire:{pair}")
            self.writes.add(pair, time.monotonic(), version)
            await asyncio.sleep(self.random.uniform(0, 2 * WRITE_EVERY_SECONDS))

    async def _read(self) -> None:
        while time.monotonic() < self.ends_at:
            pair = self.random.randrange(self.options["pairs"])
            asked_at = time.monotonic()
            body = await self._answer(pair)
            version = _version(body, pair)
            if version is None:
                self.torn += 1
            else:
                self.reads.add(pair, asked_at, version)
            await asyncio.sleep(self.random.uniform(0, 2 * READ_EVERY_SECONDS))

    async def _answer(self, pair: int) -> bytes:
        is_listed = not self.random.randrange(ONE_IS_LISTED_OF)
        namespace, tags = (self.listing, ()) if is_listed else (self.single, (f"fire:{pair}",))

        async def compute() -> bytes:
            async with self.db.connection() as connection:
                halves = [row[0] for row in await (await connection.execute(READ, (pair,))).fetchall()]
            if not self.random.randrange(ONE_DAWDLES_OF):
                await asyncio.sleep(self.random.uniform(0, DAWDLE_SECONDS))
            return _body(pair, halves)

        answer: bytes = await namespace.get(pair, compute, tags)
        return answer

    async def _forget_forever(self) -> None:
        while True:
            await asyncio.sleep(FORGET_EVERY_SECONDS)
            namespace: Namespace = self.random.choice((self.listing, self.single))
            namespace.invalidate()

    def told(self) -> dict[str, Any]:
        """Counts for the one who started it."""
        counters = [namespace.counters for namespace in self.cache.namespaces.values()]
        return {
            "reads": len(self.reads.pairs),
            "writes": len(self.writes.pairs),
            "torn": self.torn,
            "gaps": self.gaps,
            "hits": sum(one.hits for one in counters),
            "misses": sum(one.misses for one in counters),
            "shared_hits": sum(one.shared_hits for one in counters),
            "uncovered": sum(one.uncovered for one in counters),
            "outages": self.level.counters["outages"],
            "refused": self.level.counters["refused"],
        }


def _body(pair: int, halves: list[int]) -> bytes:
    body = json.dumps([pair, halves]).encode()
    return blake2b(body, digest_size=16).digest() + body


def _version(answer: bytes, pair: int) -> int | None:
    """Of a whole answer; None if it is torn."""
    digest, body = answer[:16], answer[16:]
    if blake2b(body, digest_size=16).digest() != digest:
        return None
    of, (first, second) = json.loads(body)
    return int(first) if of == pair and first == second else None


def main(text: str) -> None:
    worker = Worker(json.loads(text))
    asyncio.run(worker.run())
    with open(worker.options["file"], "wb") as file:
        for seen in (worker.reads, worker.writes):
            for values in (seen.pairs, seen.moments, seen.versions):
                values.tofile(file)
    print(json.dumps(worker.told()))


if __name__ == "__main__":
    main(sys.argv[1])
