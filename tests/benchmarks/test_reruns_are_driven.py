"""The Streamlit viewer: asks once for the page, then for the fragment at the interval that it was told."""

import asyncio

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.clients.reruns import Viewer


class Connection:
    """A WebSocket that hands out what the test puts in and keeps what it is sent."""

    def __init__(self) -> None:
        self.sent: asyncio.Queue[BackMsg] = asyncio.Queue()
        self.arriving: asyncio.Queue[ForwardMsg | None] = asyncio.Queue()

    async def send(self, data: bytes) -> None:
        await self.sent.put(BackMsg.FromString(data))

    def __aiter__(self) -> "Connection":
        return self

    async def __anext__(self) -> bytes:
        message = await self.arriving.get()
        if message is None:
            raise StopAsyncIteration
        return message.SerializeToString()


@pytest.fixture
def connection() -> Connection:
    return Connection()


def auto_rerun(seconds: float) -> ForwardMsg:
    message = ForwardMsg()
    message.auto_rerun.interval, message.auto_rerun.fragment_id = seconds, "f1"
    return message


def figure(message_hash: str) -> ForwardMsg:
    message = ForwardMsg(hash=message_hash)
    message.metadata.cacheable = True
    message.delta.new_element.plotly_chart.spec = "{}"
    return message


async def test_it_reruns_the_fragment_and_counts_each_finished_run(connection):
    viewer = Viewer(connection)  # type: ignore[arg-type]
    view = asyncio.create_task(viewer.view())
    first = await asyncio.wait_for(connection.sent.get(), 5)
    for message in (
        auto_rerun(0.01),
        figure("abc"),
        ForwardMsg(script_finished=ForwardMsg.FINISHED_SUCCESSFULLY),
    ):
        await connection.arriving.put(message)
    again = await asyncio.wait_for(connection.sent.get(), 5)
    await connection.arriving.put(ForwardMsg(script_finished=ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY))
    await connection.arriving.put(None)
    await asyncio.wait_for(view, 5)
    assert not first.rerun_script.is_auto_rerun
    assert (again.rerun_script.fragment_id, again.rerun_script.is_auto_rerun) == ("f1", True)
    assert list(again.rerun_script.cached_message_hashes) == ["abc"]
    assert viewer.first_run.done()
    assert len(viewer.updates) == 1


async def test_a_script_that_raises_is_seen(connection):
    viewer = Viewer(connection)  # type: ignore[arg-type]
    message = ForwardMsg()
    message.delta.new_element.exception.message = "boom"
    await connection.arriving.put(message)
    await connection.arriving.put(None)
    await viewer.view()
    assert viewer.failures == 1
