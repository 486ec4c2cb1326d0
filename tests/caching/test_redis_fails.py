import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from caching import redis_level
from caching.redis_level import LOOK_EVERY_SECONDS, TIMEOUT_SECONDS
from tests.caching.computation import Computation
from tests.caching.processes import process
from tests.redis_server import RedisServer
from tests.waiting import until

MARGIN_SECONDS = 1.0  # what a busy machine adds; a hundred time-outs would be five seconds


async def test_a_redis_that_was_killed_is_done_without_and_comes_back_by_itself(
    redis_server: RedisServer,
) -> None:
    compute = Computation()
    async with process(redis_server) as one:
        await one.pages.get("before", compute)
        redis_server.kill()
        for number in range(100):
            assert await one.pages.get(number, compute) == b"answer"
        assert one.level.counters["outages"] == 1
        redis_server.start()
        await until(lambda: one.level.works)
        await one.pages.get("after", compute)
        await one.settled()
        assert redis_server.ask("KEYS", "*entry:pages*")


async def test_a_redis_that_hangs_costs_one_time_out(redis_server: RedisServer) -> None:
    compute = Computation()
    async with process(redis_server) as one:
        redis_server.pause()
        began = time.perf_counter()
        for number in range(100):
            assert await one.pages.get(number, compute) == b"answer"
        took = time.perf_counter() - began
        redis_server.go_on()
        assert TIMEOUT_SECONDS <= took < TIMEOUT_SECONDS + MARGIN_SECONDS
        await until(lambda: one.level.works)


async def test_what_was_written_while_redis_hung_is_not_found_there_afterwards(
    redis_server: RedisServer,
) -> None:
    compute = Computation(b"old")
    async with process(redis_server) as one, process(redis_server) as other:
        await one.pages.get("k", compute)
        await one.settled()
        redis_server.pause()
        compute.value = b"new"
        for each in (one, other):
            each.cache.hear("1 subreddits")
            assert await each.pages.get("k", compute) == b"new"
        compute.value = b"newer"
        for each in (one, other):
            each.cache.hear("2 subreddits")
        redis_server.go_on()
        for each in (one, other):
            await until(lambda each=each: each.level.works)
            assert await each.pages.get("k", compute) == b"newer"


async def test_a_restart_from_an_older_state_brings_no_older_answer_back(redis_folder: Path) -> None:
    server = RedisServer(redis_folder, keeps=True)
    server.start()
    compute = Computation(b"old")
    try:
        async with process(server) as one:
            await one.pages.get("k", compute)
            await one.settled()
            server.ask("SAVE")
            one.cache.hear("1 subreddits")
            await one.settled()
            server.kill()
            server.start()
            assert server.ask("KEYS", "*entry:pages*"), "the entry is there again, and so are its marks"
            await until(lambda: not one.level.works or server.ask("PUBSUB", "CHANNELS"))
            await until(lambda: one.level.works)
            one.forget_memory()
            compute.value = b"new"
            assert await one.pages.get("k", compute) == b"new"
            assert one.level.works, "it was asked"
    finally:
        server.stop()


async def test_a_redis_that_lost_its_memory_is_filled_again(redis_server: RedisServer) -> None:
    compute = Computation(b"old")
    async with process(redis_server) as one:
        await one.pages.get("k", compute)
        await one.settled()
        redis_server.ask("FLUSHALL")
        one.forget_memory()
        compute.value = b"new"
        assert await one.pages.get("k", compute) == b"new"
        await one.settled()
        one.forget_memory()
        assert await one.pages.get("k", compute) == b"new"
        assert compute.calls == 2


@pytest.mark.parametrize("kind", ["HSET", "SET"])
async def test_a_key_that_is_not_ours_counts_as_none(redis_server: RedisServer, kind: str) -> None:
    compute = Computation()
    async with process(redis_server) as one:
        await one.pages.get("k", compute)
        await one.settled()
        for key in redis_server.ask("KEYS", "*"):  # type: ignore[attr-defined]
            redis_server.ask("DEL", key)
            redis_server.ask(kind, key, *(["field"] if kind == "HSET" else []), "nonsense")
        one.forget_memory()
        assert await one.pages.get("k", compute) == b"answer"
        await one.settled()
        one.forget_memory()
        assert await one.pages.get("k", compute) == b"answer"
        assert compute.calls == 2, "the second time it was found"
        assert one.level.works


@asynccontextmanager
async def slowed(server: RedisServer, seconds: float) -> AsyncIterator[RedisServer]:
    """The same server, each of whose answers takes so long."""
    slow = RedisServer(server.folder)
    slow.url = f"unix://{server.folder / 'slow.sock'}"

    serving: set[asyncio.Task[None] | None] = set()

    async def carry(source: asyncio.StreamReader, target: asyncio.StreamWriter, wait: float) -> None:
        while data := await source.read(2**16):
            await asyncio.sleep(wait)
            target.write(data)
        target.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        far_reader, far_writer = await asyncio.open_unix_connection(str(server.socket))
        ways = (carry(reader, far_writer, 0), carry(far_reader, writer, seconds))
        await asyncio.gather(*ways, return_exceptions=True)
        for each in (writer, far_writer):
            each.close()
            with suppress(OSError):
                await each.wait_closed()

    async with await asyncio.start_unix_server(serve, str(server.folder / "slow.sock")):
        yield slow
        await asyncio.wait(serving)


async def test_a_redis_that_is_always_slow_is_never_waited_for(redis_server: RedisServer) -> None:
    compute = Computation()
    with capture_logs() as logs:
        async with slowed(redis_server, 3 * TIMEOUT_SECONDS) as slow, process(slow, works=False) as one:
            await until(lambda: one.level.trouble == "no answer in time")
            began = time.perf_counter()
            while (now := time.perf_counter()) < began + 4 * LOOK_EVERY_SECONDS:
                await one.pages.get(now, compute)
                await asyncio.sleep(0.005)
            assert not one.level.works
            assert one.level.counters["reads"] == 0
    assert [line["why"] for line in logs] == ["no answer in time"], "said once"


async def test_a_redis_without_room_is_read_on(redis_server: RedisServer) -> None:
    compute = Computation(b"x" * 100_000)
    async with process(redis_server) as one:
        redis_server.ask("CONFIG", "SET", "maxmemory-policy", "noeviction")
        await one.pages.get("k", compute)
        await one.settled()
        redis_server.ask("CONFIG", "SET", "maxmemory", 1)
        one.forget_memory()
        with capture_logs() as logs:
            for number in range(20):
                assert await one.pages.get(number, compute) == compute.value
                await one.settled()
        assert len([line for line in logs if line["log_level"] == "warning"]) <= 1
        redis_server.ask("CONFIG", "SET", "maxmemory", 0)
        await until(lambda: one.level.works)


async def test_a_wrong_password_is_said_once_and_memory_serves_alone(redis_folder: Path) -> None:
    server = RedisServer(redis_folder, password="right")
    server.start()
    compute = Computation()
    try:
        wrong = RedisServer(redis_folder, password="wrong")
        with capture_logs() as logs:
            async with process(wrong, works=False) as one:
                await until(lambda: one.level.trouble != "not asked yet")
                for _ in range(3):
                    await one.pages.get("k", compute)
                told = one.level.trouble
        assert compute.calls == 1
        assert [(line["log_level"], line["why"]) for line in logs] == [("warning", told)]
        assert "invalid username-password pair" in str(told)
        assert "wrong" not in str(logs), "no password in a log"
    finally:
        server.stop()


async def test_more_words_than_are_remembered_empty_the_shared_level(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_level, "MOST_WORDS", 3)
    compute = Computation(b"old")
    async with process(redis_server) as one:
        await one.others.get("k", compute)
        await one.settled()
        redis_server.pause()
        for number in range(5):
            one.cache.hear(f"{number} subreddits")
        await one.settled()
        redis_server.go_on()
        await until(lambda: one.level.works)
        one.forget_memory()
        compute.value = b"new"
        assert await one.others.get("k", compute) == b"new"
