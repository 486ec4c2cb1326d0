import asyncio
from pathlib import Path

from benchmarks.fire import fire
from tests.conftest import SCHEMA
from tests.redis_server import RedisServer

SECONDS = 10  # a minute of it is a figure of `make bench`


async def test_no_answer_is_older_than_a_second_after_its_write_and_none_is_torn(
    database_url: str, redis_folder: Path
) -> None:
    redis = RedisServer(redis_folder, keeps=True)
    redis.start()
    try:
        outcome = await asyncio.to_thread(fire, database_url, SCHEMA, redis_folder, redis, SECONDS)
    finally:
        redis.stop()
    print(outcome)
    counts = outcome.counts
    assert (outcome.too_old, counts["torn"]) == (0, 0)
    assert counts["gaps"] > 2, "every listener was cut"
    assert counts["outages"] >= 2, "Redis was missed"
    assert min(counts["reads"], counts["hits"], counts["shared_hits"], counts["writes"]) > 100
