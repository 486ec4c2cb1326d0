"""Whatever a dump is packed in and wherever its chunks end, the same pieces come with the same places."""

from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest

from collectors.dumps import split
from collectors.dumps.errors import DamagedDump, Stopped, UnusableDump
from collectors.dumps.opened import open_dump
from collectors.dumps.split import Unreadable, csv_records, elements, lines
from tests.collectors.dump_lines import joined, line, write

LINES = '{"a": "größer"}\r\n\n{"b": "🫖"}\nlast'.encode()
ARRAY = ' [ {"a":[1,"]"]} ,\n{"b":"x\\"}ö"}, 3, "t,]", [1] ,null]\n'.encode()
CSV = '\ufeffid,title\r\n1,"two\nlines, and ""quotes"""\r\n2,plain\r\n3,größer'.encode()


def chunked(content: bytes, size: int) -> list[bytes]:
    return [content[at : at + size] for at in range(0, len(content), size)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_the_edges_of_chunks_change_nothing(size: int) -> None:
    assert [piece for _, _, piece in lines(chunked(LINES, size))] == LINES.split(b"\n")
    assert [piece for _, _, piece in elements(chunked(ARRAY, size))] == [
        b'{"a":[1,"]"]}', '{"b":"x\\"}ö"}'.encode(), b"3", b'"t,]"', b"[1]", b"null",
    ]  # fmt: skip
    assert [piece for _, _, piece in csv_records(chunked(CSV, size))] == [
        {"id": "1", "title": 'two\nlines, and "quotes"'},
        {"id": "2", "title": "plain"},
        {"id": "3", "title": "größer"},
    ]


def test_reading_goes_on_behind_any_piece() -> None:
    for start, end, piece in lines([LINES]):
        assert LINES[start:end].rstrip(b"\n") == piece
        assert list(lines([LINES[end:]], end)) == [each for each in lines([LINES]) if each[0] >= end]
    for _, end, _ in elements([ARRAY]):
        after = list(elements([ARRAY[end:]], end, opened=True))
        assert after == [each for each in elements([ARRAY]) if each[0] >= end]
    for _, end, _ in csv_records([CSV]):
        assert list(csv_records([CSV], end)) == [each for each in csv_records([CSV]) if each[0] >= end]


def test_what_is_too_long_is_rejected_and_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(split, "LONGEST", 100)
    monkeypatch.setattr(split, "EXCERPT", 10)
    content = b"short\n" + b"x" * 500 + b"\nshort too\n"
    found = list(lines(chunked(content, 50)))
    assert [piece for _, _, piece in found] == [b"short", Unreadable(split.TOO_LONG, b"x" * 10), b"short too"]
    assert [end for _, end, _ in found] == [6, 507, 517]


def test_a_quote_that_never_ends_costs_a_stretch_of_the_file_and_not_the_rest() -> None:
    content = b'id,title\n1,"never ended\n' + b"x,y\n" * 50_000 + b"2,fine\n"
    found = [piece for _, _, piece in csv_records([content])]
    assert isinstance(found[0], Unreadable)
    assert found[-1] == {"id": "2", "title": "fine"}


@pytest.mark.parametrize("suffix", ["", ".zst", ".gz", ".misnamed"])
def test_packing_is_told_by_content(tmp_path: Path, suffix: str) -> None:
    content = joined(line(number) for number in range(5_000))
    path = write(tmp_path / f"RS{'.zst' if suffix == '.misnamed' else suffix}", content)
    if suffix == ".misnamed":
        path = path.rename(tmp_path / "RS.txt")
    dump = open_dump(path)
    pieces = list(dump.pieces())
    assert [piece for _, _, piece in pieces] == [line(number) for number in range(5_000)]
    assert dump.read_bytes == dump.size_bytes
    middle = pieces[2_500][1]
    assert list(open_dump(path).pieces(middle)) == pieces[2_501:]


def cut(content: bytes) -> bytes:
    return content[: len(content) * 9 // 10]


def damage(content: bytes) -> bytes:
    middle = len(content) * 9 // 10
    return content[:middle] + b"\xff" * 64 + content[middle + 64 :]


@pytest.mark.parametrize("suffix", [".zst", ".gz"])
@pytest.mark.parametrize("harm", [cut, damage])
def test_what_comes_before_the_damage_counts(
    tmp_path: Path, suffix: str, harm: Callable[[bytes], bytes]
) -> None:
    path = write(tmp_path / f"RS{suffix}", joined(line(number) for number in range(50_000)))
    path.write_bytes(harm(path.read_bytes()))
    found: list[object] = []
    broken = r"RS\S+ (ends in the middle|is damaged).+near byte [\d,]+ of [\d,]+"
    pieces = (found.append(piece) for _, _, piece in open_dump(path).pieces())
    with pytest.raises(DamagedDump, match=broken):
        deque(pieces)
    sound = 40_000 if suffix == ".gz" else len(found)  # gzip notices damage only some way behind it
    assert found[:sound] == [line(number) for number in range(sound)]
    assert len(found) > 20_000


def test_a_dump_can_be_stopped(tmp_path: Path) -> None:
    dump = open_dump(write(tmp_path / "RS.zst", joined(line(number) for number in range(5_000))))
    pieces = dump.pieces()
    next(pieces)
    dump.stop()
    with pytest.raises(Stopped):
        list(pieces)


def test_a_damaged_first_line_does_not_hide_the_others(tmp_path: Path) -> None:
    for number, first in enumerate((b"[]", b"[1]", b"junk", b"")):
        path = write(tmp_path / str(number), first + b"\n" + joined([line(1), line(2)]))
        assert [piece for _, _, piece in open_dump(path).pieces()][1:] == [line(1), line(2)]
    after = list(elements([b"[1]\n{}"]))
    assert [type(piece) for _, _, piece in after] == [bytes, Unreadable]


def test_what_is_no_dump_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableDump, match="x is neither NDJSON"):
        open_dump(write(tmp_path / "x", b"PK\x03\x04 and so on\n"))
    assert list(open_dump(write(tmp_path / "empty", b"")).pieces()) == []
