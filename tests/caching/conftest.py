from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.redis_server import RedisServer, wanted


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def redis_folder() -> Iterator[Path]:
    """A folder for a server, with a short name: a Unix socket's may have 107 characters."""
    wanted()
    with TemporaryDirectory(prefix="subpulse-redis-") as folder:
        yield Path(folder)


@pytest.fixture
def redis_server(redis_folder: Path) -> Iterator[RedisServer]:
    server = RedisServer(redis_folder)
    server.start()
    yield server
    server.stop()
