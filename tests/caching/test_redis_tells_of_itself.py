from tests.caching.computation import Computation
from tests.caching.processes import process
from tests.redis_server import RedisServer


async def test_what_reads_take_and_what_memory_there_is(redis_server: RedisServer) -> None:
    redis_server.ask("CONFIG", "SET", "maxmemory", 64 * 2**20, "maxmemory-policy", "allkeys-lru")
    async with process(redis_server) as one:
        assert one.level.stats()["read_p95_ms"] is None
        for number in range(20):
            await one.pages.get(number, Computation())
        told = one.level.stats()
        assert 0 < told["read_p50_ms"] <= told["read_p95_ms"]
        server = await one.level.server()
        assert (server["limit_bytes"], server["policy"], server["evicted"]) == (64 * 2**20, "allkeys-lru", 0)
        assert server["memory_bytes"]
        assert server["trouble"] is None


async def test_a_redis_that_is_gone_says_why_and_takes_no_part_in_an_outage(
    redis_server: RedisServer,
) -> None:
    async with process(redis_server) as one:
        redis_server.kill()
        server = await one.level.server()
        assert server["memory_bytes"] is None
        assert server["trouble"]
