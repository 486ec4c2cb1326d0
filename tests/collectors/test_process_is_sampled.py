"""The process's own numbers, the limit it lives under, and giving memory back."""

import threading
from pathlib import Path

import psutil
import pytest

from collectors import memory
from collectors.process import ProcessSampler, memory_limit, release_memory, rss_bytes

MACHINE = psutil.virtual_memory().total
MIB = 1024 * 1024


def cgroup(root: Path, line: str, **limits: str) -> Path:
    """A pretended `/`: our line of `/proc/self/cgroup`, and limit files by path, `_` for `/`."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(line + "\n")
    for path, limit in limits.items():
        folder = root / "sys/fs/cgroup" / path.replace("_", "/")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ("memory.max" if line.startswith("0::") else "memory.limit_in_bytes")).write_text(
            limit + "\n"
        )
    return root


def test_a_sample_says_what_the_process_uses() -> None:
    sample = ProcessSampler(512).sample()
    assert MIB < sample.rss_bytes < MACHINE
    assert sample.cpu_seconds > 0
    assert sample.threads >= threading.active_count()
    assert sample.open_files is not None
    assert sample.open_files >= 0
    assert len(sample.gc_runs) == 3
    assert (sample.memory_limit_bytes, sample.memory_limit_from) == (512 * MIB, "MEMORY_LIMIT_MB")


def test_cpu_percent_is_the_share_since_the_sample_before() -> None:
    now = 0.0
    sampler = ProcessSampler(None, clock=lambda: now)
    first = sampler.sample()
    now = 10.0
    second = sampler.sample()
    assert first.cpu_percent is None
    assert second.cpu_percent == pytest.approx(10 * (second.cpu_seconds - first.cpu_seconds))


def test_rss_is_what_psutil_says(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = rss_bytes()
    monkeypatch.setattr(memory, "STATM", "/no/such/file")
    assert abs(fast - rss_bytes()) < 8 * MIB


def test_the_operators_limit_counts_first(tmp_path: Path) -> None:
    root = cgroup(tmp_path, "0::/", **{".": str(64 * MIB)})
    assert memory_limit(100, root) == (100 * MIB, "MEMORY_LIMIT_MB")


def test_a_container_sees_its_own_limit(tmp_path: Path) -> None:
    assert memory_limit(None, cgroup(tmp_path, "0::/", **{".": str(64 * MIB)})) == (64 * MIB, "cgroup")


def test_the_tightest_limit_above_us_counts(tmp_path: Path) -> None:
    root = cgroup(tmp_path, "0::/a/b", a=str(32 * MIB), a_b=str(64 * MIB))
    assert memory_limit(None, root) == (32 * MIB, "cgroup")


def test_where_memory_is_slowed_down_counts_as_a_limit_too(tmp_path: Path) -> None:
    root = cgroup(tmp_path, "0::/a", a=str(64 * MIB))
    (root / "sys/fs/cgroup/a/memory.high").write_text(f"{48 * MIB}\n")
    assert memory_limit(None, root) == (48 * MIB, "cgroup")


def test_version_1_counts_where_both_are_there(tmp_path: Path) -> None:
    root = cgroup(tmp_path, "4:memory:/box\n0::/", memory_box=str(64 * MIB))
    (root / "sys/fs/cgroup/memory.max").write_text(f"{MIB}\n")
    assert memory_limit(None, root) == (64 * MIB, "cgroup")


def test_cgroup_v1_is_read_too(tmp_path: Path) -> None:
    root = cgroup(tmp_path, "4:cpu,memory:/box", memory_box=str(64 * MIB))
    assert memory_limit(None, root) == (64 * MIB, "cgroup")


@pytest.mark.parametrize(
    ("line", "limits"),
    [
        ("0::/", {".": "max"}),
        ("4:memory:/", {"memory": "9223372036854771712"}),
        ("3:cpu:/", {}),
        ("nonsense", {}),
    ],
)
def test_no_limit_is_the_machine(tmp_path: Path, line: str, limits: dict[str, str]) -> None:
    assert memory_limit(None, cgroup(tmp_path, line, **limits)) == (MACHINE, "machine")


def test_a_system_without_cgroups_is_the_machine(tmp_path: Path) -> None:
    assert memory_limit(None, tmp_path) == (MACHINE, "machine")


def test_freed_memory_goes_back_to_the_system() -> None:
    kept = [bytearray(1_000) for _ in range(50_000)]
    del kept[::2]  # holes that malloc keeps unless told
    kept.clear()
    before = rss_bytes()
    freed = release_memory()
    assert freed >= 0
    assert rss_bytes() <= before
