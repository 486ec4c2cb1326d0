"""Viewers of a Streamlit page with a fragment that reruns by itself, as browsers do it, in one process.

A browser opens /_stcore/stream, asks for the first run, is told by `auto_rerun` which fragment to run how often,
and from then on asks for it by a timer of its own (Streamlit's frontend, `setInterval`), naming the messages that
it still holds. A run is over when `script_finished` says so.
"""

import asyncio
import time
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ContextInfo
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from benchmarks.summary import quantile
from benchmarks.worker import serve

OPEN_SECONDS = 60
SUBPROTOCOL = Subprotocol("streamlit")


class Viewer:
    """One browser tab."""

    def __init__(self, connection: ClientConnection) -> None:
        self.updates: list[float] = []  # milliseconds from asking to the run's end
        self.failures = 0
        self.first_run: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._connection = connection
        self._timers: dict[str, asyncio.Task[None]] = {}
        self._asked = 0.0
        self._held: set[str] = set()
        self._arriving: set[str] = set()

    async def view(self) -> None:
        """Until cancelled or disconnected."""
        await self._rerun()
        try:
            async for data in self._connection:
                if isinstance(data, bytes):
                    self._take(ForwardMsg.FromString(data))
        finally:
            for timer in self._timers.values():
                timer.cancel()

    async def _rerun(self, fragment_id: str = "") -> None:
        message = BackMsg()
        state = message.rerun_script
        state.fragment_id, state.is_auto_rerun = fragment_id, bool(fragment_id)
        state.cached_message_hashes.extend(self._held)
        state.context_info.CopyFrom(ContextInfo(timezone="UTC", locale="en", color_scheme="light"))
        self._asked = time.perf_counter()
        await self._connection.send(message.SerializeToString())

    async def _rerun_every(self, seconds: float, fragment_id: str) -> None:
        while True:
            await asyncio.sleep(seconds)
            await self._rerun(fragment_id)

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if message.metadata.cacheable or kind == "ref_hash":
            self._arriving.add(message.ref_hash or message.hash)
        if kind == "auto_rerun" and message.auto_rerun.fragment_id not in self._timers:
            rerun = message.auto_rerun
            self._timers[rerun.fragment_id] = asyncio.create_task(
                self._rerun_every(rerun.interval, rerun.fragment_id)
            )
        elif kind == "delta" and message.delta.new_element.WhichOneof("type") == "exception":
            self.failures += 1
        elif kind == "script_finished":
            self._finished(message.script_finished)

    def _finished(self, status: int) -> None:
        self._held, self._arriving = self._arriving, set()
        if status == ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY:
            self.updates.append(1000 * (time.perf_counter() - self._asked))
        elif not self.first_run.done():
            self.first_run.set_result(None)


class Viewers:
    """Open them, reset the counts, count, close them."""

    def __init__(self) -> None:
        self._all: list[Viewer] = []
        self._views: list[asyncio.Task[None]] = []
        self._connections: list[ClientConnection] = []

    async def open(self, port: int, count: int, spread_seconds: float) -> dict[str, int]:
        """Connect so many, evenly over a span, as people come; wait until each has its page."""
        async with asyncio.timeout(OPEN_SECONDS):
            for _ in range(count):
                connection = await connect(
                    f"ws://127.0.0.1:{port}/_stcore/stream", subprotocols=[SUBPROTOCOL], max_size=None
                )
                viewer = Viewer(connection)
                self._connections.append(connection)
                self._all.append(viewer)
                self._views.append(asyncio.create_task(viewer.view()))
                await asyncio.sleep(spread_seconds / count)
            await asyncio.gather(*(viewer.first_run for viewer in self._all))
        return {"open": len(self._all)}

    async def reset(self) -> None:
        """Count from now on."""
        for viewer in self._all:
            viewer.updates.clear()

    async def count(self) -> dict[str, Any]:
        """Updates since the reset: in all, by the slowest and the fastest, and how long they took."""
        counts = [len(viewer.updates) for viewer in self._all]
        took = [one for viewer in self._all for one in viewer.updates]
        return {
            "open": sum(not view.done() for view in self._views),
            "messages": sum(counts),
            "fewest": min(counts),
            "most": max(counts),
            "failures": sum(viewer.failures for viewer in self._all),
            "update_ms_p50": quantile(took, 0.5) if took else None,
            "update_ms_p95": quantile(took, 0.95) if took else None,
        }

    async def close(self) -> None:
        """Let all go."""
        await asyncio.gather(*(connection.close() for connection in self._connections))
        await asyncio.gather(*self._views)
        self._all.clear()
        self._views.clear()
        self._connections.clear()


if __name__ == "__main__":
    viewers = Viewers()
    serve({"open": viewers.open, "reset": viewers.reset, "count": viewers.count, "close": viewers.close})
