"""What is left around this process: CPU, memory and load of the machine, or of the container that limits us."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from collectors import cgroup


@dataclass(frozen=True, slots=True)
class SystemSample:
    """The machine, or as much of it as our control group may use; None is not known."""

    cpu_percent: float | None
    """of all the cores there are, since the sample before; None in the first"""
    cores: float
    """that may be used: 0.5 is half of one"""
    throttled_percent: float | None
    """share of the time in which the quota held us up; None without a quota"""
    memory_bytes: int
    """in use, without what would be given back at once, such as files that were only read"""
    memory_limit_bytes: int
    load: float | None
    """processes of the whole machine that run or want to, over a minute"""


@dataclass(frozen=True, slots=True)
class _Spent:
    """Counters that only grow, in seconds."""

    at: float
    cpu: float
    throttled: float | None


class SystemSampler:
    """Takes samples; 100 µs each.

    Args:
        root: where `proc` and `sys` are, for tests.
        clock: seconds.
    """

    def __init__(self, root: Path = cgroup.ROOT, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._quota = _quota(root)
        self._memory = _limited_memory(root)
        self._cores = self._quota.cores if self._quota else float(psutil.cpu_count() or 1)
        self._before: _Spent | None = None

    def sample(self) -> SystemSample:
        spent, before = self._spent(), self._before
        self._before = spent
        cpu = throttled = None
        if before is not None and spent.at > before.at:
            seconds = spent.at - before.at
            cpu = min(100 * (spent.cpu - before.cpu) / seconds / self._cores, 100.0)
            if spent.throttled is not None and before.throttled is not None:
                throttled = min(100 * (spent.throttled - before.throttled) / seconds, 100.0)
        memory, limit = self._memory_now()
        return SystemSample(cpu, self._cores, throttled, memory, limit, _load())

    def _spent(self) -> _Spent:
        if self._quota:
            return _Spent(self._clock(), self._quota.cpu_seconds(), self._quota.throttled_seconds())
        times = psutil.cpu_times()
        idle = times.idle + getattr(times, "iowait", 0.0)
        counted_twice = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
        return _Spent(self._clock(), sum(times) - idle - counted_twice, None)

    def _memory_now(self) -> tuple[int, int]:
        if self._memory and (used := self._memory.used()) is not None:
            return used, self._memory.limit
        machine = psutil.virtual_memory()
        return int(machine.total - machine.available), int(machine.total)


@dataclass(frozen=True, slots=True)
class _Quota:
    """The folder whose quota of CPU is the tightest, and the one in which what was used is counted."""

    version: int
    folder: Path
    counted_in: Path
    cores: float

    def cpu_seconds(self) -> float:
        if self.version == 1:
            return (cgroup.number(self.counted_in / "cpuacct.usage") or 0) / 1e9
        return cgroup.table(self.folder / "cpu.stat").get("usage_usec", 0) / 1e6

    def throttled_seconds(self) -> float:
        stat = cgroup.table(self.folder / "cpu.stat")
        return (
            stat.get("throttled_time", 0) / 1e9 if self.version == 1 else stat.get("throttled_usec", 0) / 1e6
        )


@dataclass(frozen=True, slots=True)
class _LimitedMemory:
    """The folder whose limit of memory is the tightest."""

    version: int
    folder: Path
    limit: int

    def used(self) -> int | None:
        """In use without the files' pages that nobody used lately, as Kubernetes counts its working set."""
        names = ("memory.usage_in_bytes", "total_inactive_file") if self.version == 1 else (
            "memory.current", "inactive_file")  # fmt: skip
        used = cgroup.number(self.folder / names[0])
        unused = cgroup.table(self.folder / "memory.stat").get(names[1], 0)
        return None if used is None else max(used - unused, 0)


def _quota(root: Path) -> _Quota | None:
    found = cgroup.control("cpu", root)
    if found is None:
        return None
    counted = cgroup.control("cpuacct", root) if found.version == 1 else found
    counted_in = counted.folders if counted else found.folders
    machine, quotas = psutil.cpu_count() or 1, []
    for index, folder in enumerate(found.folders):
        cores = _cores_v1(folder) if found.version == 1 else _cores_v2(folder)
        if cores is not None and cores < machine:
            counts = counted_in[min(index, len(counted_in) - 1)]
            quotas.append(_Quota(found.version, folder, counts, cores))
    return min(quotas, key=lambda quota: quota.cores, default=None)


def _cores_v1(folder: Path) -> float | None:
    quota, period = cgroup.number(folder / "cpu.cfs_quota_us"), cgroup.number(folder / "cpu.cfs_period_us")
    return quota / period if quota and period else None  # -1 is none, which is no number of digits


def _cores_v2(folder: Path) -> float | None:
    parts = "".join(cgroup.lines(folder / "cpu.max")).split()
    return int(parts[0]) / int(parts[1]) if len(parts) == 2 and all(map(str.isdigit, parts)) else None


def _limited_memory(root: Path) -> _LimitedMemory | None:
    found = cgroup.control("memory", root)
    if found is None:
        return None
    names = ("memory.limit_in_bytes",) if found.version == 1 else ("memory.max", "memory.high")
    limits = [
        _LimitedMemory(found.version, folder, limit)
        for folder in found.folders
        for name in names
        if (limit := cgroup.number(folder / name)) is not None and limit < psutil.virtual_memory().total
    ]
    return min(limits, key=lambda one: one.limit, default=None)


def _load() -> float | None:
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):  # no such thing on Windows
        return None
