"""The whole process as a person starts it: a subprocess with its own data, on a free loopback port."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from settings import ROOT
from tests.conftest import folder_for_postgres

START_SECONDS = 60
STOP_SECONDS = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """One `python app.py`, with what it printed in `log`."""

    def __init__(self, log: Path, **environment: str) -> None:
        self.port = int(environment.get("PORT", free_port()))
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log
        self.database_url = environment.get("DATABASE_URL")
        own = {"PORT": str(self.port), "SANDBOX_ERROR_RATE": "0", "PATH": os.environ["PATH"]}
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "app.py"],
                cwd=ROOT,
                env=own | environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, timeout=10)

    def until(self, answer: Callable[["Running"], Any], seconds: float = START_SECONDS) -> Any:
        """Ask until the answer is true; fails with the log when it never is."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with suppress(httpx.TransportError):
                if found := answer(self):
                    return found
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        pytest.fail(f"not within {seconds} s; the process said:\n{self.log.read_text()[-4000:]}")

    def until_healthy(self, seconds: float = START_SECONDS) -> dict[str, Any]:
        healthy: dict[str, Any] = self.until(
            lambda me: (answer := me.get("/health")).status_code == 200 and answer.json(), seconds
        )
        return healthy

    def interrupt(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_SECONDS)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(STOP_SECONDS)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()


Start = Callable[..., Running]


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with folder_for_postgres() as folder:
        yield folder / "data"


@pytest.fixture
def start(tmp_path: Path, data_dir: Path) -> Iterator[Start]:
    """Starts processes on data of the test's own, and ends them with the test."""
    started: list[Running] = []

    def begin(**environment: str) -> Running:
        running = Running(tmp_path / "log.txt", **{"DATA_DIR": str(data_dir), **environment})
        started.append(running)
        return running

    yield begin
    for running in started:
        running.end()
