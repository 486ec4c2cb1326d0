"""CPU, memory and load of the machine, or of the control group that limits us, in both versions."""

from pathlib import Path

import psutil
import pytest

from collectors.system import SystemSampler

MIB = 2**20
MACHINE = psutil.virtual_memory().total
Files = dict[str, str]
V2: Files = {
    "proc/self/cgroup": "0::/box",
    "sys/fs/cgroup/box/cpu.max": "50000 100000",
    "sys/fs/cgroup/box/cpu.stat": "usage_usec 1000000\nthrottled_usec 200000",
    "sys/fs/cgroup/box/memory.max": str(64 * MIB),
    "sys/fs/cgroup/box/memory.current": str(40 * MIB),
    "sys/fs/cgroup/box/memory.stat": f"anon 1\ninactive_file {10 * MIB}",
}
V1: Files = {
    "proc/self/cgroup": "5:memory:/box\n4:cpu,cpuacct:/box\n0::/",
    "sys/fs/cgroup/cpu/box/cpu.cfs_quota_us": "50000",
    "sys/fs/cgroup/cpu/box/cpu.cfs_period_us": "100000",
    "sys/fs/cgroup/cpu/box/cpu.stat": "nr_throttled 3\nthrottled_time 200000000",
    "sys/fs/cgroup/cpuacct/box/cpuacct.usage": "1000000000",
    "sys/fs/cgroup/memory/box/memory.limit_in_bytes": str(64 * MIB),
    "sys/fs/cgroup/memory/box/memory.usage_in_bytes": str(40 * MIB),
    "sys/fs/cgroup/memory/box/memory.stat": f"total_inactive_file {10 * MIB}",
}
LATER = {  # the same counters ten seconds later: 2 s of CPU more, and 1 s held up
    "v2": {"sys/fs/cgroup/box/cpu.stat": "usage_usec 3000000\nthrottled_usec 1200000"},
    "v1": {
        "sys/fs/cgroup/cpu/box/cpu.stat": "throttled_time 1200000000",
        "sys/fs/cgroup/cpuacct/box/cpuacct.usage": "3000000000",
    },
}


def write(root: Path, files: Files) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text + "\n")
    return root


@pytest.mark.parametrize(("version", "files"), [("v2", V2), ("v1", V1)])
def test_a_container_is_measured_against_what_it_may_use(version: str, files: Files, tmp_path: Path) -> None:
    now = 0.0
    sampler = SystemSampler(write(tmp_path, files), clock=lambda: now)
    first = sampler.sample()
    assert (first.cpu_percent, first.throttled_percent, first.cores) == (None, None, 0.5)
    assert (first.memory_bytes, first.memory_limit_bytes) == (30 * MIB, 64 * MIB)
    now = 10.0
    write(tmp_path, LATER[version])
    second = sampler.sample()
    assert second.cpu_percent == pytest.approx(40)  # 2 s of the 5 that half a core has
    assert second.throttled_percent == pytest.approx(10)


def test_the_tightest_quota_above_us_counts(tmp_path: Path) -> None:
    outer = {
        "proc/self/cgroup": "0::/pod/box",
        "sys/fs/cgroup/pod/cpu.max": "25000 100000",
        "sys/fs/cgroup/pod/box/cpu.max": "max 100000",
    }
    assert SystemSampler(write(tmp_path, outer)).sample().cores == 0.25


@pytest.mark.parametrize(
    "files",
    [
        {},
        {
            "proc/self/cgroup": "0::/",
            "sys/fs/cgroup/cpu.max": "max 100000",
            "sys/fs/cgroup/memory.max": "max",
        },
        {
            "proc/self/cgroup": "4:cpu:/\n5:memory:/",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
        },
        {"proc/self/cgroup": "nonsense"},
    ],
)
def test_without_a_limit_it_is_the_machine(files: Files, tmp_path: Path) -> None:
    now = 0.0
    sampler = SystemSampler(write(tmp_path, files), clock=lambda: now)
    sampler.sample()
    now = 1.0
    sample = sampler.sample()
    assert sample.cores == psutil.cpu_count()
    assert sample.memory_limit_bytes == MACHINE
    assert 0 < sample.memory_bytes < MACHINE
    assert sample.cpu_percent is not None
    assert 0 <= sample.cpu_percent <= 100
    assert sample.throttled_percent is None
    assert sample.load is not None
