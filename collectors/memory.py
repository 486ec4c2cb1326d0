"""Memory: what this process holds, what it may hold, and giving some back."""

import ctypes
import gc
import os
import sys
from pathlib import Path
from typing import Literal

import psutil

from collectors import cgroup

MemoryLimitFrom = Literal["MEMORY_LIMIT_MB", "cgroup", "machine"]

MIB = 1024 * 1024
STATM = "/proc/self/statm"
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def rss_bytes() -> int:
    """Resident memory of this process, in bytes."""
    try:
        with open(STATM, "rb", buffering=0) as statm:
            return int(statm.read(200).split()[1]) * PAGE_BYTES
    except OSError:
        return int(psutil.Process().memory_info().rss)


def memory_limit(limit_mb: int | None, root: Path = cgroup.ROOT) -> tuple[int, MemoryLimitFrom]:
    """The memory this process may hold, in bytes, and who says so.

    The operator's word (MiB) counts first, then the tightest limit of our cgroup and those above it, then the
    machine.

    Args:
        root: where `proc` and `sys` are, for tests.
    """
    if limit_mb is not None:
        return limit_mb * MIB, "MEMORY_LIMIT_MB"
    machine_bytes = int(psutil.virtual_memory().total)
    cgroup_bytes = min(_cgroup_limits(root), default=machine_bytes)
    return (cgroup_bytes, "cgroup") if cgroup_bytes < machine_bytes else (machine_bytes, "machine")


def release_memory() -> int:
    """Collect garbage and hand freed memory back to the system; the bytes by which RSS fell, at least 0.

    Stops this process for some 100 ms. glibc keeps freed memory unless told (`man 3 malloc_trim`).
    """
    before = rss_bytes()
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim is not None:
            trim(0)
    return max(before - rss_bytes(), 0)


def _cgroup_limits(root: Path) -> list[int]:
    """Every limit that holds for us, in bytes; `max` is none, and v1 writes a huge number for none.

    Above `memory.high` nobody is killed, but slowed down until it is no use: it counts as a limit, too.
    """
    found = cgroup.control("memory", root)
    if found is None:
        return []
    names = ("memory.limit_in_bytes",) if found.version == 1 else ("memory.max", "memory.high")
    limits = (cgroup.number(folder / name) for folder in found.folders for name in names)
    return [limit for limit in limits if limit is not None]
