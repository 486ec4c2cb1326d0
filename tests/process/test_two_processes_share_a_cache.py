"""Two processes on one PostgreSQL and one Redis: each hears what is written, and neither needs Redis to live."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from db.embedded import EmbeddedServer
from db.statements import statements
from tests.conftest import SCHEMA, folder_for_postgres
from tests.process.conftest import Running, Start
from tests.redis_server import RedisServer, wanted


@pytest.fixture
def database_url() -> Iterator[str]:
    with folder_for_postgres() as folder:
        server = EmbeddedServer(folder)
        yield server.start()
        server.stop()


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    wanted()
    with TemporaryDirectory(prefix="subpulse-redis-") as folder:
        server = RedisServer(Path(folder))
        server.start()
        yield server
        server.stop()


def communities(running: Running) -> int:
    found: int = running.get("/api/stats").json()["communities"]
    return found


def test_a_write_is_seen_in_both_with_redis_and_without(
    start: Start, database_url: str, redis_server: RedisServer
) -> None:
    one, other = (start(DATABASE_URL=database_url, REDIS_URL=redis_server.url) for _ in range(2))
    for running in (one, other):
        running.until_healthy()
    one.until(lambda me: communities(me) > 0)
    one.until(lambda me: communities(me) and redis_server.ask("KEYS", "*entry:stats:*"))

    def write(running: Running) -> None:
        before = max(communities(one), communities(other))
        with psycopg.connect(database_url, autocommit=True) as connection, connection.transaction():
            connection.execute(f"SET LOCAL search_path = {SCHEMA}")
            connection.execute("UPDATE totals SET value = value + 1000000 WHERE name = 'subreddits'")
            connection.execute(statements()["written.announce"], {"tags": "subreddits"})
        running.until(lambda me: communities(me) >= before + 1_000_000, seconds=5)

    write(one)
    write(other)
    redis_server.kill()
    write(other)
    write(one)
    assert {running.get("/health").status_code for running in (one, other)} == {200}
    assert "shared cache off, memory serves alone" in one.log.read_text()
    redis_server.start()
    one.until(lambda me: communities(me) and redis_server.ask("KEYS", "*entry:stats:*"))
    write(one)
