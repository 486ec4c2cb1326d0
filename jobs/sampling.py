"""The cheap figures of one second, read on the loop: process, machine, event loop and pool."""

import time
from collections import deque
from collections.abc import Callable

from collectors.loop_lag import LoopLag
from collectors.process import ProcessSample
from collectors.system import SystemSampler
from db import histogram
from db.pool import PoolState

Values = dict[str, float | None]
SPAN_SECONDS = 10  # what the pool's figures speak of, where they are read each second


class Sampling:
    """Takes them, and remembers counters from one second to the next. None is not known, and never stored.

    Args:
        clock: seconds, for what is told per second.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.loop_lag = LoopLag()
        self._system = SystemSampler()
        self._clock = clock
        self._collected: tuple[float, tuple[int, ...]] | None = None
        self._pool_past: deque[tuple[float, PoolState]] = deque()

    def second(self, process: ProcessSample, pool: PoolState) -> Values:
        """Values by series (db/series.py); 0.1 ms."""
        return {
            "rss": process.rss_bytes,
            "memory_limit": process.memory_limit_bytes,
            "cpu": _rounded(process.cpu_percent),
            "threads": process.threads,
            "open_files": process.open_files,
            **self._collections(process.gc_runs),
            **self._around(),
            **self._lag(),
            **self._pool(pool),
        }

    def _pool(self, pool: PoolState) -> Values:
        """Waits (ms) and reused statements (percent) since the oldest state that is at most ten seconds old, or the
        one before where states are read more rarely; uses and ages (seconds) as they are now."""
        now, past, use = self._clock(), self._pool_past, pool.use
        past.append((now, pool))
        while len(past) > 2 and past[1][0] <= now - SPAN_SECONDS:
            past.popleft()
        before = past[0][1]
        (wait,) = histogram.quantiles(use.waits - before.use.waits, (0.95,))
        executions = pool.executions - before.executions
        return {
            "pool_size": pool.size,
            "pool_in_use": pool.in_use,
            "pool_waiting": pool.waiting,
            "pool_wait": None if wait is None else round(1e3 * wait, 3),
            "pool_reuse": _rounded(use.reuse),
            "pool_oldest": _rounded(use.oldest_seconds),
            "pool_age": _rounded(use.mean_age_seconds),
            "prepared_reuse": _rounded(100 * (pool.reuses - before.reuses) / executions)
            if executions
            else None,
        }

    def _collections(self, runs: tuple[int, ...]) -> Values:
        """Garbage collections per second of each generation."""
        now, before = self._clock(), self._collected
        self._collected = now, runs
        if before is None or now <= before[0]:
            return {}
        return {
            f"gc_{generation}": _rounded((count - earlier) / (now - before[0]))
            for generation, (count, earlier) in enumerate(zip(runs, before[1], strict=True))
        }

    def _around(self) -> Values:
        system = self._system.sample()
        return {
            "system_cpu": _rounded(system.cpu_percent),
            "system_throttled": _rounded(system.throttled_percent),
            "system_cores": system.cores,
            "system_memory": system.memory_bytes,
            "system_memory_limit": system.memory_limit_bytes,
            "load": _rounded(system.load),
        }

    def _lag(self) -> Values:
        """Milliseconds."""
        lag = self.loop_lag.take()
        if lag is None:
            return {}
        return {"loop_lag_mean": _rounded(1e3 * lag.mean), "loop_lag_max": _rounded(1e3 * lag.most)}


def _rounded(value: float | None) -> float | None:
    """Two digits behind the point: what goes over the wire once a second must not be longer than it has to."""
    return None if value is None else round(value, 2)
