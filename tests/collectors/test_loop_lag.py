import asyncio
import time

import pytest

from collectors.loop_lag import EVERY_SECONDS, LoopLag
from tests.waiting import beside, until


class Clock:
    """Time that passes only while somebody sleeps, and as much too late as the test says."""

    def __init__(self, *late: float) -> None:
        self.now, self.late = 100.0, list(late)

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        if not self.late:
            await asyncio.Event().wait()
        self.now += seconds + self.late.pop(0)


async def test_it_says_how_late_the_loop_woke_on_average_and_at_most() -> None:
    clock = Clock(0.0, 0.004, 0.002)
    lag = LoopLag(clock, clock.sleep)
    async with beside(lag.run()):
        await until(lambda: not clock.late)
        taken = lag.take()
    assert taken is not None
    assert (taken.mean, taken.most) == (pytest.approx(0.002), pytest.approx(0.004))
    assert lag.take() is None


async def test_a_loop_that_stands_still_is_seen() -> None:
    lag = LoopLag()
    async with beside(lag.run()):
        await until(lambda: lag.take() is not None)
        time.sleep(EVERY_SECONDS + 0.1)  # noqa: ASYNC251 - just this is the trouble to be seen
        await asyncio.sleep(0.05)
        taken = lag.take()
    assert taken is not None
    assert taken.most >= 0.05
