"""One reading of this process, cheap enough for once a second."""

import gc
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from collectors.memory import MemoryLimitFrom, memory_limit, release_memory, rss_bytes

__all__ = ["ProcessSample", "ProcessSampler", "memory_limit", "release_memory", "rss_bytes"]

OPEN_FILES_EVERY = 10
"""Samples between two counts of open files, which list a directory with an entry for each."""
PROC_STAT = Path("/proc/self/stat")
PROC_FD = Path("/proc/self/fd")


@dataclass(frozen=True, slots=True)
class ProcessSample:
    """What this process uses; sizes in bytes."""

    at: datetime
    rss_bytes: int
    cpu_seconds: float
    """user and system time of all threads since the start"""
    cpu_percent: float | None
    """of one core, since the sample before; None in the first"""
    threads: int
    """the operating system's, so that numpy's and PostgreSQL's count too"""
    open_files: int | None
    """descriptors, sockets included; None where the system will not say"""
    gc_runs: tuple[int, ...]
    """collections of each generation since the start, the youngest first"""
    memory_limit_bytes: int
    memory_limit_from: MemoryLimitFrom


class ProcessSampler:
    """Takes samples of the process it lives in; under 200 µs each on Linux.

    Args:
        memory_limit_mb: the operator's own limit in MiB, else the cgroup's, else the machine's memory.
        clock: seconds, for the CPU's share.
    """

    def __init__(self, memory_limit_mb: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit_bytes, self._limit_from = memory_limit(memory_limit_mb)
        self._clock = clock
        self._before: tuple[float, float] | None = None
        self._taken = 0
        self._open_files: int | None = None

    def sample(self) -> ProcessSample:
        if self._taken % OPEN_FILES_EVERY == 0:
            self._open_files = open_files()
        self._taken += 1
        cpu_seconds = time.process_time()
        return ProcessSample(
            at=datetime.now(UTC),
            rss_bytes=rss_bytes(),
            cpu_seconds=cpu_seconds,
            cpu_percent=self._cpu_percent(cpu_seconds),
            threads=thread_count(),
            open_files=self._open_files,
            gc_runs=tuple(generation["collections"] for generation in gc.get_stats()),
            memory_limit_bytes=self._limit_bytes,
            memory_limit_from=self._limit_from,
        )

    def _cpu_percent(self, cpu_seconds: float) -> float | None:
        now, before = self._clock(), self._before
        self._before = now, cpu_seconds
        if before is None or now <= before[0]:
            return None
        return 100 * (cpu_seconds - before[1]) / (now - before[0])


def thread_count() -> int:
    """Threads of this process as the kernel counts them (`man 5 proc_pid_stat`, num_threads)."""
    try:
        after_name = PROC_STAT.read_bytes().rpartition(b")")[2]  # the name may hold spaces
        return int(after_name.split()[17])
    except OSError:
        return threading.active_count()


def open_files() -> int | None:
    """Open descriptors of this process, None where the system will not say."""
    try:
        return len(os.listdir(PROC_FD)) - 1  # listing opens one itself
    except OSError:
        return _open_files_portable()


def _open_files_portable() -> int | None:
    try:
        return int(psutil.Process().num_fds())
    except (AttributeError, psutil.Error):  # no num_fds on Windows
        return None
