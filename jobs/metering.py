"""Measuring a run from outside: its own CPU time on the loop, and the process's memory while it lasts."""

import threading
import time
from collections.abc import Awaitable, Callable, Generator
from typing import Any, Generic, TypeVar

from collectors.process import rss_bytes

T = TypeVar("T")
PEAK_EVERY_SECONDS = 0.05


class CpuMeter(Generic[T]):
    """Awaits something and adds up the CPU seconds of its own steps.

    Between two steps the loop works for others, which `time.process_time` would count too. Work that the awaited
    hands to other tasks or threads is not in it.
    """

    def __init__(self, awaitable: Awaitable[T]) -> None:
        self.seconds = 0.0
        self._awaitable = awaitable

    def __await__(self) -> Generator[Any, Any, T]:
        steps = self._awaitable.__await__()
        sent: Any = None
        thrown: BaseException | None = None
        while True:
            began = time.thread_time()
            try:
                waited_for = _step(steps, sent, thrown)
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]
            finally:
                self.seconds += time.thread_time() - began
            sent = thrown = None
            try:
                sent = yield waited_for
            except BaseException as exc:  # noqa: BLE001 - the awaited decides what to do with it
                thrown = exc


def _step(steps: Generator[Any, Any, Any], sent: Any, thrown: BaseException | None) -> Any:
    if thrown is not None:
        return steps.throw(thrown)
    return steps.send(sent) if isinstance(steps, Generator) else next(steps)


class PeakMemory:
    """Watches resident memory in one thread while at least one run lasts."""

    def __init__(self, read: Callable[[], int] = rss_bytes, every: float = PEAK_EVERY_SECONDS) -> None:
        self._read, self._every = read, every
        self._peaks: dict[int, int] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def begin(self, run: int) -> int:
        """Watch for `run` from now on; resident bytes now."""
        now = self._read()
        with self._lock:
            self._peaks[run] = now
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="peak memory", daemon=True)
                self._thread.start()
        return now

    def end(self, run: int) -> tuple[int, int]:
        """(most while it lasted, now), in bytes."""
        now = self._read()
        with self._lock:
            return max(self._peaks.pop(run), now), now

    def _watch(self) -> None:
        while True:
            time.sleep(self._every)
            now = self._read()
            with self._lock:
                if not self._peaks:
                    self._thread = None
                    return
                self._peaks = {run: max(peak, now) for run, peak in self._peaks.items()}
