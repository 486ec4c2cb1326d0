"""Clients in processes of their own: the figure asks in JSON lines on stdin, the client answers on stdout."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psutil
import uvloop

from benchmarks.lab import ROOT, Lab, LabError, ending, pin

Action = Callable[..., Awaitable[Any]]


class Worker:
    """A client process, seen from the figure."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(self, action: str, **details: Any) -> Any:
        """Have the client do something and wait for its answer.

        Raises:
            LabError: the client ended instead; its traceback is on stderr.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps([action, details]) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it ended; so does its stdout
        answer = self._process.stdout.readline()
        if not answer:
            raise LabError(f"the client ended while asked to {action}")
        return json.loads(answer)


@contextmanager
def worker(lab: Lab, module: str, niceness: int = 0) -> Iterator[Worker]:
    """Run `python -m benchmarks.clients.MODULE` on the clients' core while the body lasts.

    Args:
        niceness: how much it steps back for other clients, 0 to 19.
    """
    with (
        subprocess.Popen(
            [sys.executable, "-m", f"benchmarks.clients.{module}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        ) as process,
        ending(process),
    ):
        client = psutil.Process(process.pid)
        pin(client, lab.client_core)
        client.nice(niceness)
        yield Worker(process)


def serve(actions: Mapping[str, Action]) -> None:
    """The client's side: answer until stdin ends, which it does when the figure's process is gone."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(_serve(actions))
        except KeyboardInterrupt:
            return  # the figure is done with us


async def _serve(actions: Mapping[str, Action]) -> None:
    lines = asyncio.StreamReader(limit=2**24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        action, details = json.loads(line)
        print(json.dumps(await actions[action](**details)), flush=True)
