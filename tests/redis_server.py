"""Debian's redis-server, for tests that ask a real one."""

import os
import shutil

import pytest

from benchmarks.redis_server import RedisServer

__all__ = ["RedisServer", "wanted"]


def wanted() -> None:
    """The test is skipped without it, except where the packages are said to be there."""
    if shutil.which("redis-server") is None:
        why = "no redis-server: apt-get install redis-server"
        if os.environ.get("SYSTEM_PACKAGES_REQUIRED"):
            pytest.fail(why)
        pytest.skip(why)
