import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from caching import redis_level
from caching.redis_level import TIMEOUT_SECONDS
from tests.caching.computation import Computation
from tests.caching.processes import process
from tests.redis_server import RedisServer
from tests.waiting import until

MARGIN_SECONDS = 0.15  # what a busy machine adds


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
