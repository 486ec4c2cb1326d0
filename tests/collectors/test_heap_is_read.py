import gc
import platform
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors import heap
from collectors.process import rss_bytes

MIB = 2**20


@pytest.fixture
def no_collection() -> Iterator[None]:
    """What other tests left is given back before, not in between."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collection")
def test_what_is_allocated_is_seen_where_it_lies() -> None:
    before = heap.read()
    big = bytearray(b"x" * 32 * MIB)  # malloc's
    small = [[each] for each in range(100_000)]  # Python's own arenas
    after = heap.read()
    assert len(big) + len(small) > 32 * MIB
    assert after.python_blocks >= before.python_blocks + 100_000
    if platform.libc_ver()[0] == "glibc":
        assert after.malloc_used is not None
        assert before.malloc_used is not None
        assert after.malloc_used >= before.malloc_used + 32 * MIB
    if heap.SMAPS_ROLLUP.exists():
        assert after.pss is not None
        assert after.anonymous is not None
        assert MIB < after.anonymous <= after.pss <= rss_bytes() + MIB


def test_a_system_that_does_not_say_is_not_zero(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(heap, "_mallinfo2", lambda: None)
    monkeypatch.setattr(heap, "_rollup", lambda: rollup(tmp_path / "nothing"))
    found = heap.read()
    assert (found.pss, found.anonymous, found.malloc_used, found.malloc_free) == (None, None, None, None)


rollup = heap._rollup


def test_kernels_before_5_9_have_another_word_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "rollup"
    file.write_text(
        "55d0-7fff ---p 00000000 00:00 0    [rollup]\nRss:  300 kB\nPss: 200 kB\nAnonymous: 100 kB\n"
    )
    monkeypatch.setattr(heap, "_rollup", lambda: rollup(file))
    found = heap.read()
    assert (found.pss, found.anonymous) == (200 * 1024, 100 * 1024)
