"""The unpacked content of a file as a stream of chunks: zstd, gzip, bzip2, xz, or as it lies there."""

import bz2
import lzma
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from collectors.dumps.errors import DamagedDump, Stopped

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PACKED_CHUNK = 128 * 1024
CHUNK = 256 * 1024
"""Most bytes of unpacked content held at a time, beside the decompressor's window."""
LARGEST_WINDOW_LOG = 31
"""Dumps of Pushshift and Arctic Shift are made with `zstd --long=31`."""


class Decompressor(Protocol):
    """One frame, stream or member of an archive: what the standard library's decompressors have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Gzip:
    """zlib's decompressor with the manners of the others."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def needs_input(self) -> bool:
        return not self._zlib.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data.lstrip(b"\0")  # tapes and some tools pad with zeros

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)


def _zstd() -> Decompressor:
    options = {int(zstd.DecompressionParameter.window_log_max): LARGEST_WINDOW_LOG}
    return zstd.ZstdDecompressor(options=options)


_MAGIC: Mapping[bytes, tuple[str, Callable[[], Decompressor]]] = {
    b"\x28\xb5\x2f\xfd": ("zstd", _zstd),
    **{bytes([low]) + b"\x2a\x4d\x18": ("zstd", _zstd) for low in range(0x50, 0x60)},  # skippable frames
    b"\x1f\x8b": ("gzip", _Gzip),
    b"BZh": ("bzip2", bz2.BZ2Decompressor),
    b"\xfd7zXZ\x00": ("xz", lzma.LZMADecompressor),
}
_DAMAGE = (zstd.ZstdError, zlib.error, lzma.LZMAError, OSError, EOFError)


class Packed:
    """One file, read from its beginning to its end. How it is packed is told by its content, not by its name."""

    def __init__(self, path: Path) -> None:
        """Raises: OSError when the file cannot be read."""
        self.path = path
        self.size_bytes = path.stat().st_size
        self.read_bytes = 0
        """of the file as it lies on disk: how far reading has come"""
        self._stopped = False
        with path.open("rb") as file:
            head = file.read(max(map(len, _MAGIC)))
        self._how = next((how for magic, how in _MAGIC.items() if head.startswith(magic)), None)

    def chunks(self, position: int = 0) -> Iterator[bytes]:
        """The unpacked content from `position` (in bytes) on.

        Raises:
            DamagedDump: the archive ends too early, or goes on with something else.
            Stopped: somebody called `stop`.
        """
        if self._how is None:
            return self._plain(position)
        return _from(position, self._unpacked(*self._how))

    def stop(self) -> None:
        """Let reading end before the next chunk, with Stopped; may be called from any thread."""
        self._stopped = True

    def _go_on(self) -> None:
        if self._stopped:
            raise Stopped

    def _plain(self, position: int) -> Iterator[bytes]:
        with self.path.open("rb", buffering=0) as file:
            self.read_bytes = file.seek(position)
            while chunk := file.read(CHUNK):
                self._go_on()
                self.read_bytes += len(chunk)
                yield chunk

    def _unpacked(self, name: str, new: Callable[[], Decompressor]) -> Iterator[bytes]:
        self.read_bytes = done = 0
        current: Decompressor | None = None
        with self.path.open("rb", buffering=0) as file:
            rest = b""
            try:
                while True:
                    self._go_on()
                    if current is None or current.needs_input:
                        packed = rest or file.read(PACKED_CHUNK)
                        self.read_bytes = file.tell()
                        if not packed:
                            break
                        current = current or new()
                    else:
                        packed = b""
                    rest = b""
                    chunk = current.decompress(packed, CHUNK)
                    if chunk:
                        done += len(chunk)
                        yield chunk
                    if current.eof:
                        rest = current.unused_data
                        current = None
            except _DAMAGE as exc:
                why = " ".join(str(exc).split())
                raise DamagedDump(self._broken(f"is damaged ({name}: {why})", done)) from exc
        if current is not None:
            raise DamagedDump(self._broken(f"ends in the middle of its {name} data", done))

    def _broken(self, how: str, done: int) -> str:
        return (
            f"{self.path.name} {how}, near byte {self.read_bytes:,} of {self.size_bytes:,}; "
            f"{done:,} bytes of content before that could be read"
        )


def _from(position: int, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks without the first `position` bytes: an archive can only be read from its beginning."""
    for chunk in chunks:
        if position >= len(chunk):
            position -= len(chunk)
        elif position:
            yield chunk[position:]
            position = 0
        else:
            yield chunk
