"""The cheap figures of one second, read on the loop: process, machine, event loop and pool."""

import time
from collections.abc import Callable

from collectors.loop_lag import LoopLag
from collectors.process import ProcessSample
from collectors.system import SystemSampler
from db.database import PoolState

Values = dict[str, float | None]


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
            "pool_in_use": pool.in_use,
            "pool_waiting": pool.waiting,
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
