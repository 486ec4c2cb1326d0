"""Content cut into what holds one record: lines, elements of a JSON array, records of CSV.

Everything works on bytes, so that a character cut at the edge of a chunk stays whole, and every piece comes with its
place: bytes of unpacked content from the beginning of the file.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

LONGEST = 16 * 2**20
"""Bytes; anything longer is rejected without being held. Reddit's own longest posts stay far below 1 MiB."""
EXCERPT = 8_000
"""Bytes of it that are kept for the reject file, enough for its 2,000 characters."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What holds no record, and why."""

    reason: str
    excerpt: bytes


TOO_LONG = f"longer than {LONGEST // 2**20} MiB"
Content = bytes | Mapping[str, str] | Unreadable
Piece = tuple[int, int, Content]
"""where it begins, where the next one may begin, what it holds"""


def lines(chunks: Iterable[bytes], position: int = 0) -> Iterator[tuple[int, int, bytes | Unreadable]]:
    """Lines without their end, blank ones too; a carriage return stays, which JSON reads as space."""
    tail, dropped = b"", 0
    for chunk in chunks:
        parts = chunk.split(b"\n")
        parts[0] = tail + parts[0]
        tail = parts.pop()
        if parts and dropped:
            end = position + dropped + len(parts[0]) + 1
            yield position, end, Unreadable(TOO_LONG, parts[0][:EXCERPT])
            position, dropped = end, 0
            del parts[0]
        for line in parts:
            end = position + len(line) + 1
            yield position, end, line
            position = end
        if len(tail) > LONGEST:
            dropped += len(tail) - EXCERPT
            tail = tail[:EXCERPT]
    if dropped:
        yield position, position + dropped + len(tail), Unreadable(TOO_LONG, tail[:EXCERPT])
    elif tail:
        yield position, position + len(tail), tail


_BETWEEN = re.compile(rb"[\s,]*")
_OUTSIDE = re.compile(rb'["{}\[\],]')
_IN_TEXT = re.compile(rb'["\\]')
_TEXT_ENDS, _ESCAPES = ord('"'), ord("\\")
_OPENING, _CLOSING, _GOES_ON = frozenset(b"{["), frozenset(b"}]"), frozenset(b'{["\\')


def elements(
    chunks: Iterable[bytes], position: int = 0, *, opened: bool = False
) -> Iterator[tuple[int, int, bytes | Unreadable]]:
    """The elements of a JSON array, as JSON. `position` is before its bracket, or, `opened`, behind an element."""
    held, dropped = b"", 0
    at = depth = 0  # how far `held` was looked through, and how many brackets are open there
    in_text = False
    for chunk in chunks:
        held += chunk
        while True:
            if at == 0 and not dropped:
                begin = _end(_BETWEEN, held)
                if not opened and held[begin : begin + 1] == b"[":
                    position, held, opened = position + begin + 1, held[begin + 1 :], True
                    continue
                position, held = position + begin, held[begin:]
                if held[:1] == b"]":
                    yield from _behind(held[1:], position + 1)
                    return
            found = (_IN_TEXT if in_text else _OUTSIDE).search(held, at)
            if found is None:
                at = len(held)
                break
            sign, at = held[found.start()], found.end()
            if sign == _ESCAPES:
                if at == len(held):  # what it escapes comes with the next chunk
                    at -= 1
                    break
                at += 1
            elif sign == _TEXT_ENDS:
                in_text = not in_text
            elif sign in _OPENING:
                depth += 1
            elif sign in _CLOSING and depth:
                depth -= 1
            if in_text or depth or sign in _GOES_ON:
                continue
            length = at if sign in _CLOSING and found.start() and held[:1] in (b"{", b"[") else found.start()
            end = position + dropped + length
            yield position, end, Unreadable(TOO_LONG, held[:EXCERPT]) if dropped else held[:length]
            position, held, at, dropped = end, held[length:], 0, 0
        if len(held) > LONGEST:
            dropped, held = dropped + len(held) - EXCERPT, held[:EXCERPT]
            at = len(held)
    if held.strip():
        yield position, position + dropped + len(held), Unreadable("cut off", held[:EXCERPT])


def _behind(rest: bytes, position: int) -> Iterator[tuple[int, int, Unreadable]]:
    """One reject for whatever follows the end of an array."""
    if rest.strip():
        yield position, position + len(rest), Unreadable("behind the end of the array", rest[:EXCERPT])


def _end(pattern: re.Pattern[bytes], held: bytes) -> int:
    found = pattern.match(held)
    return found.end() if found else 0


def csv_records(
    chunks: Iterable[bytes], position: int = 0
) -> Iterator[tuple[int, int, Mapping[str, str] | Unreadable]]:
    """Records of CSV with a header line, fields by name. `chunks` begin at the file's beginning in any case.

    A record may hold line ends within quotes. A quote that never ends costs what csv takes for one field
    (128 KiB), not the rest of the file.
    """
    source = _CsvLines(chunks)
    header = [name.strip() for name in next(csv.reader(source), [])]
    source.skip_to(position)
    reader = csv.reader(source)
    while True:
        begin = source.begin_record()
        try:
            values = next(reader, None)
        except csv.Error as exc:
            yield begin, source.position, Unreadable(f"not CSV: {exc}", source.excerpt())
            continue
        if values is None:
            return
        if source.problem:
            yield begin, source.position, Unreadable(source.problem, source.excerpt())
        elif values and len(values) != len(header):
            why = f"{len(values)} fields where the header has {len(header)}"
            yield begin, source.position, Unreadable(why, source.excerpt())
        elif values:
            yield begin, source.position, dict(zip(header, values, strict=True))


class _CsvLines:
    """Lines as text for `csv.reader`, with the place where the last one ended."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._lines = lines(chunks)
        self.position = 0
        self.problem: str | None = None
        self._held: list[bytes] = []
        self._skip_to = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def skip_to(self, position: int) -> None:
        self._skip_to = position

    def begin_record(self) -> int:
        """Where the next record begins."""
        self._held, self.problem = [], None
        return max(self.position, self._skip_to)

    def excerpt(self) -> bytes:
        return b"\n".join(self._held)[:EXCERPT]

    def __next__(self) -> str:
        for begin, end, line in self._lines:
            self.position = end
            if end <= self._skip_to:
                continue
            if isinstance(line, Unreadable):
                self.problem = line.reason
                self._held.append(line.excerpt)
                return "\n"
            self._held.append(line)
            try:
                return (line.removeprefix(b"\xef\xbb\xbf") if begin == 0 else line).decode() + "\n"
            except UnicodeDecodeError:
                self.problem = "not UTF-8"
                return line.decode("latin-1") + "\n"
        raise StopIteration
