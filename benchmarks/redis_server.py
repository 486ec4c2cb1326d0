"""Debian's redis-server on a Unix socket of its own, to be stopped, started again and held up."""

import shutil
import signal
import subprocess
import time
from pathlib import Path

import redis

from benchmarks.lab import LabError

START_SECONDS = 10


def program() -> str:
    """Where it is.

    Raises:
        LabError: it is not installed.
    """
    path = shutil.which("redis-server")
    if path is None:
        raise LabError("redis-server is not installed; on Debian: apt-get install redis-server")
    return path


class RedisServer:
    """One server in a folder. With `keeps` it writes down what it holds when it stops, and reads it at start."""

    def __init__(self, folder: Path, password: str = "", keeps: bool = False) -> None:
        self.folder, self.password, self.keeps = folder, password, keeps
        self.socket = folder / "redis.sock"
        self.url = f"unix://{f':{password}@' if password else ''}{self.socket}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Return when it answers."""
        options = ["--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.folder)]
        options += ["--save", "3600 1" if self.keeps else "", "--enable-debug-command", "yes"]
        options += ["--requirepass", self.password] if self.password else []
        self.process = subprocess.Popen([program(), *options], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self.ask("PING")
                return
            except redis.exceptions.ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def ask(self, *command: object) -> object:
        """What it answers to one command."""
        with redis.Redis.from_url(self.url, protocol=2) as client:
            return client.execute_command(*command)

    def kill(self) -> None:
        """Without a word, and with everything it held."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """In good order."""
        self._end(signal.SIGTERM)

    def _end(self, number: int) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(number)
            self.process.wait(START_SECONDS)
            self.process = None

    def pause(self) -> None:
        """It takes connections and commands, and answers nothing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)
