"""How far an import is, for the person who waits: a bar on a terminal, else a line now and then."""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

from tqdm import tqdm

LINE_EVERY_SECONDS = 10.0


class ProgressBar:
    """Shows bytes of the packed file read and left, and rows a second."""

    def __init__(
        self,
        name: str,
        size_bytes: int,
        stream: TextIO | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name, self._size_bytes, self._now = name, size_bytes, now
        self._stream = stream or sys.stderr
        self._began = self._said = now()
        self._first_bytes: int | None = None
        self._bar: tqdm[None] | None = None
        if self._stream.isatty():
            self._bar = tqdm(
                total=size_bytes,
                desc=name,
                unit="B",
                unit_scale=True,
                unit_divisor=1024,
                dynamic_ncols=True,
                file=self._stream,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, read_bytes: int, rows: int) -> None:
        """`read_bytes` of the file on disk so far, `rows` stored by this run."""
        if self._first_bytes is None:
            self._first_bytes = read_bytes  # a resumed run is there at once; that says nothing of its rate
        seconds = max(self._now() - self._began, 1e-3)
        if self._bar is not None:
            self._bar.set_postfix_str(f"{rows / seconds:,.0f} rows/s", refresh=False)
            self._bar.update(read_bytes - self._bar.n)
        elif self._now() - self._said >= LINE_EVERY_SECONDS:
            self._said = self._now()
            self._stream.write(self._line(read_bytes, rows, seconds))
            self._stream.flush()

    def _line(self, read_bytes: int, rows: int, seconds: float) -> str:
        share = read_bytes / self._size_bytes if self._size_bytes else 1.0
        rate = (read_bytes - (self._first_bytes or 0)) / seconds
        left = f", {duration((self._size_bytes - read_bytes) / rate)} left" if rate > 0 else ""
        return f"{self._name}: {share:.0%}, {rows:,} rows, {rows / seconds:,.0f} rows/s{left}\n"


def duration(seconds: float) -> str:
    """Seconds as a person says them: `40 s`, `12 min`, `3 h 5 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
