"""Where this process's memory is, more closely than RSS says: too dear for every second, cheap every ten.

There is no figure in bytes of "Python's heap" that a program could ask for: the interpreter's small objects lie in
arenas that it maps itself, past malloc, and it tells only how many blocks of them are taken (their bytes it writes to
standard error, by `sys._debugmallocstats`). So there are three figures that together name a leak: what the kernel
counts as memory of our own (Python's arenas, malloc's, stacks), what malloc holds of it (numpy, pandas, drivers), and
Python's blocks.
"""

import ctypes
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

SMAPS_ROLLUP = Path("/proc/self/smaps_rollup")
KIB = 1024


@dataclass(frozen=True, slots=True)
class Heap:
    """Sizes in bytes; None where the system will not say."""

    pss: int | None
    """resident memory, what is shared with other processes divided by their number"""
    anonymous: int | None
    """the part of it that no file stands behind: all that was allocated"""
    malloc_used: int | None
    """what malloc gave out"""
    malloc_free: int | None
    """what was given back to malloc and it keeps; `release_memory` hands it back to the system"""
    python_blocks: int
    """blocks of up to 512 bytes that Python's objects take"""


class _Mallinfo2(ctypes.Structure):
    """`man 3 mallinfo`."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks",
                     "keepcost")
    ]  # fmt: skip


def read() -> Heap:
    """One reading; 2 ms, most of them the kernel's (it walks all pages), so not for the server's loop."""
    rollup, malloc = _rollup(), _malloc()
    return Heap(
        pss=rollup.get("Pss"),
        anonymous=rollup.get("Pss_Anon", rollup.get("Anonymous")),  # before Linux 5.9 only the latter
        malloc_used=malloc and malloc[0],
        malloc_free=malloc and malloc[1],
        python_blocks=sys.getallocatedblocks(),
    )


def _rollup(file: Path = SMAPS_ROLLUP) -> dict[str, int]:
    """Bytes by name; empty where the kernel (before 4.14, or no Linux) has no such file."""
    try:
        lines = file.read_text().splitlines()[1:]
    except OSError:
        return {}
    parts = (line.split() for line in lines)
    return {part[0].rstrip(":"): int(part[1]) * KIB for part in parts if len(part) == 3 and part[2] == "kB"}


def _malloc() -> tuple[int, int] | None:
    """(given out, kept free) by all of malloc's arenas; None where there is no glibc from 2.33 on."""
    asked = _mallinfo2()
    if asked is None:
        return None
    info = asked()
    return info.uordblks + info.hblkhd, info.fordblks


@cache
def _mallinfo2() -> Any:
    if sys.platform != "linux":
        return None
    function = getattr(ctypes.CDLL(None), "mallinfo2", None)  # musl has none
    if function is not None:
        function.restype = _Mallinfo2
    return function
