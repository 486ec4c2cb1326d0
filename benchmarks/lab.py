"""Where the figures are measured: child processes, each pinned to a core, free ports, one data folder."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60
STOP_SECONDS = 20
POLL_SECONDS = 0.005


class LabError(Exception):
    """A figure cannot be measured; the message says why."""


@dataclass(frozen=True, slots=True)
class Server:
    """A web server under measurement; `seconds_to_start` from exec to the first 200."""

    port: int
    process: psutil.Process
    seconds_to_start: float
    child: "subprocess.Popen[bytes]"

    def check(self) -> None:
        """Raise a LabError when it is gone; its CPU and memory would read as if it were not."""
        if self.child.poll() is not None:
            raise LabError(f"the server ended with {self.child.returncode}")

    def cpu_seconds(self) -> float:
        """User and system time of all its threads so far; its children's is not in it."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


class Lab:
    """What every figure is given. Servers run on the first core, clients on the last, where there are two."""

    def __init__(self, folder: Path, quick: bool = False) -> None:
        self.folder, self.quick = folder, quick
        self.data_dir = folder / "data"
        cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        self.server_core: int | None = cores[0] if len(cores) > 1 else None
        self.client_core: int | None = cores[-1] if len(cores) > 1 else None

    @contextmanager
    def subpulse(
        self, port: int | None = None, start: Sequence[str] = (str(ROOT / "app.py"),)
    ) -> Iterator[Server]:
        """The real process on the lab's data folder, over the sandbox; clock, worker and PostgreSQL included.

        Args:
            start: what Python is asked to run.
        """
        port = port or free_port()
        unwanted = {"DATABASE_URL", "REDIS_URL", "ALERT_URLS", "BIND_ADDRESS", "MEMORY_LIMIT_MB"}
        environment = {name: value for name, value in os.environ.items() if name not in unwanted} | {
            "PORT": str(port),
            "DATA_DIR": str(self.data_dir),
            "SUBPULSE_SOURCE": "sandbox",
            "LOG_LEVEL": "warning",
        }
        with self.server([sys.executable, *start], port, "/health", environment, ROOT) as server:
            yield server

    @contextmanager
    def server(
        self, command: list[str], port: int, health_path: str, environment: Mapping[str, str], cwd: Path
    ) -> Iterator[Server]:
        """A web server as a child process, from its first 200 until the body ends.

        Raises:
            LabError: it did not start, or did not last; with the end of what it wrote.
        """
        with (self.folder / "server.log").open("w+") as log:
            began = time.perf_counter()
            child = subprocess.Popen(
                command, env=dict(environment), cwd=cwd, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
            with ending(child):
                try:
                    _await_health(child, f"http://127.0.0.1:{port}{health_path}")
                    seconds = time.perf_counter() - began
                    server = Server(port, psutil.Process(child.pid), seconds, child)
                    pin(server.process, self.server_core)
                    yield server
                    server.check()
                except LabError as exc:
                    log.seek(0)
                    raise LabError(f"{exc}: {log.read()[-2000:].strip()}") from exc


@contextmanager
def ending(child: "subprocess.Popen[str] | subprocess.Popen[bytes]") -> Iterator[None]:
    """Let the child end in good order when the body ends, else kill it and all its children."""
    try:
        yield
    finally:
        family = _family(child.pid)
        with suppress(ProcessLookupError):
            child.send_signal(signal.SIGINT)
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        _, alive = psutil.wait_procs(family, timeout=5)
        for process in alive:
            with suppress(psutil.NoSuchProcess):
                process.kill()


def _family(pid: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return list(psutil.Process(pid).children(recursive=True))
    return []


def _await_health(child: "subprocess.Popen[bytes]", url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise LabError(f"the server ended with {child.returncode}")
        with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=5) as answer:
            if answer.status == 200:
                return
        time.sleep(POLL_SECONDS)
    raise LabError(f"no 200 from {url} within {START_SECONDS} s")


def free_port() -> int:
    """A TCP port on loopback that nobody listens on at present."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pin(process: psutil.Process, core: int | None) -> None:
    """Keep all threads of a process on one core, where the system can; threads to come inherit it."""
    if core is None:
        return
    for thread in process.threads():
        with suppress(ProcessLookupError):
            os.sched_setaffinity(thread.id, {core})
