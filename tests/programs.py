"""Programs of Debian's that tests run: where they are, and how they end."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

STOP_SECONDS = 20


def program(name: str, package: str) -> str:
    """Where it is; the test is skipped without it, except where the packages are said to be there."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    return path if path is not None else lacking(f"no {name}: apt-get install {package}")


def lacking(why: str) -> str:
    """Skip, or fail where the packages are said to be there."""
    if os.environ.get("SYSTEM_PACKAGES_REQUIRED"):
        pytest.fail(why)
    pytest.skip(why)


@contextmanager
def running(command: Sequence[str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The program while the body lasts; what it says goes to the log."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """A TCP port on loopback that nobody listens on at present."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
