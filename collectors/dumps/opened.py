"""A dump on disk: what its content is, and its pieces from any place on."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from collectors.dumps.errors import UnusableDump
from collectors.dumps.packed import Packed
from collectors.dumps.split import Piece, csv_records, elements, lines
from collectors.judge import parsed

Shape = Literal["lines", "array", "csv"]
FINGERPRINTED = 2**20
BOM = b"\xef\xbb\xbf"
HEADER_NAMES = frozenset({"id", "name", "created_utc", "display_name"})
"""A CSV's first line holds one of these; every dump that we know does."""


class Dump:
    """An opened dump: zstd, gzip, bzip2, xz or plain; NDJSON, a JSON array or CSV with a header."""

    def __init__(self, path: Path) -> None:
        """Raises: OSError, UnusableDump, DamagedDump (when not even its beginning can be read)."""
        self.path = path
        self._packed = Packed(path)
        self.size_bytes = self._packed.size_bytes
        head = next(self._packed.chunks(), b"")
        self.shape: Shape = _shape(head, path.name)
        self._bom = len(BOM) if head.startswith(BOM) else 0

    def fingerprint(self) -> str:
        """By which the same content is known under any name: of its size and its first MiB."""
        with self.path.open("rb") as file:
            return hashlib.sha256(b"%d:" % self.size_bytes + file.read(FINGERPRINTED)).hexdigest()

    def stop(self) -> None:
        """Let `pieces` end soon, with Stopped; may be called from any thread."""
        self._packed.stop()

    @property
    def read_bytes(self) -> int:
        """How far reading has come, in bytes of the file as it lies on disk."""
        return self._packed.read_bytes

    @property
    def subreddit(self) -> str:
        """The community of a CSV that has no such column is its file name: `Coffee.csv.gz` is of Coffee."""
        return self.path.name.partition(".")[0]

    def pieces(self, position: int = 0) -> Iterator[Piece]:
        """What holds one record each, from `position` (bytes of unpacked content, where a piece ended) on.

        Raises:
            DamagedDump: after the pieces that could be read.
            Stopped: after `stop`.
        """
        if self.shape == "csv":
            return csv_records(self._packed.chunks(), position)
        start = position or self._bom
        chunks = self._packed.chunks(start)
        if self.shape == "lines":
            return lines(chunks, start)
        return elements(chunks, start, opened=position > 0)


def open_dump(path: Path) -> Dump:
    """The dump at `path`.

    Raises:
        OSError: it cannot be read.
        UnusableDump: its content is none that Subpulse reads.
        DamagedDump: not even its beginning can be unpacked.
    """
    return Dump(path)


def _shape(head: bytes, name: str) -> Shape:
    content = head.removeprefix(BOM).lstrip()
    if not content or content.startswith(b"{"):
        return "lines"
    first, _, rest = content.partition(b"\n")
    if content.startswith(b"[") and not (rest.startswith(b"{") and parsed(first) is not None):
        return "array"  # else NDJSON whose first line is damaged
    if HEADER_NAMES & {field.strip(b' "\r').decode("latin-1") for field in first.split(b",")}:
        return "csv"
    if b"\n{" in content:
        return "lines"  # its first line is damaged
    raise UnusableDump(f"{name} is neither NDJSON, nor a JSON array, nor CSV with a header line")
