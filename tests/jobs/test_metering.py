import asyncio
import threading
import time

import pytest

from jobs.metering import CpuMeter, PeakMemory
from tests.waiting import until


def burn(seconds: float) -> None:
    """Use this much CPU time, however busy the machine is."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


async def burning(seconds: float, steps: int) -> str:
    for _ in range(steps):
        burn(seconds / steps)
        await asyncio.sleep(0)
    return "done"


async def test_only_the_runs_own_steps_count() -> None:
    meter = CpuMeter(burning(0.05, 5))
    result, _ = await asyncio.gather(asyncio.ensure_future(awaited(meter)), burning(0.2, 5))
    assert result == "done"
    assert 0.05 <= meter.seconds < 0.15, "the neighbour's 0.2 s ran between its steps"


async def awaited(meter: CpuMeter[str]) -> str:
    return await meter


async def test_waiting_costs_nothing() -> None:
    arrived = asyncio.Event()
    asyncio.get_running_loop().call_later(0.05, arrived.set)
    meter = CpuMeter(arrived.wait())
    assert await meter is True
    assert meter.seconds < 0.04


async def test_what_the_run_raises_comes_through_and_its_time_counts() -> None:
    async def fail() -> None:
        await asyncio.sleep(0)
        burn(0.02)
        raise ValueError("no")

    meter = CpuMeter(fail())
    with pytest.raises(ValueError, match="no"):
        await meter
    assert meter.seconds >= 0.02


async def test_a_cancelled_run_can_clean_up_and_ends() -> None:
    cleaned: list[str] = []

    async def wait_for_ever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append("up")

    async def metered() -> None:
        await CpuMeter(wait_for_ever())

    task = asyncio.create_task(metered())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cleaned == ["up"]


async def test_a_run_may_catch_what_is_thrown_into_it() -> None:
    async def stubborn() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "caught"
        return "never"

    async def metered() -> str:
        return await CpuMeter(stubborn())

    task = asyncio.create_task(metered())
    await asyncio.sleep(0)
    task.cancel()
    assert await task == "caught"


class Memory:
    """Resident bytes as the test says."""

    def __init__(self) -> None:
        self.now = 100
        self.read = threading.Event()

    def __call__(self) -> int:
        self.read.set()
        return self.now


def seen(memory: Memory) -> None:
    """Until the watching thread has looked twice, so that it saw what is there now."""
    for _ in range(2):
        memory.read.clear()
        assert memory.read.wait(5)


async def test_the_most_while_it_lasted_is_the_peak_even_between_begin_and_end() -> None:
    memory = Memory()
    peak = PeakMemory(memory, every=0.001)
    assert peak.begin(1) == 100
    memory.now = 900
    await asyncio.to_thread(seen, memory)
    memory.now = 300
    assert peak.end(1) == (900, 300)


async def test_runs_that_overlap_have_peaks_of_their_own() -> None:
    memory = Memory()
    peak = PeakMemory(memory, every=0.001)
    peak.begin(1)
    memory.now = 900
    await asyncio.to_thread(seen, memory)
    memory.now = 200
    peak.begin(2)
    memory.now = 400
    await asyncio.to_thread(seen, memory)
    assert peak.end(1) == (900, 400)
    assert peak.end(2) == (400, 400)


async def test_a_peak_at_the_very_end_counts() -> None:
    memory = Memory()
    peak = PeakMemory(memory, every=60)
    peak.begin(1)
    memory.now = 500
    assert peak.end(1) == (500, 500)


async def test_nobody_watches_while_nothing_runs() -> None:
    memory = Memory()
    peak = PeakMemory(memory, every=0.001)
    for run in range(3):
        peak.begin(run)
        peak.end(run)
        await until(lambda: peak._thread is None)
