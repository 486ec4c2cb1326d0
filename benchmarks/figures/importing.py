"""How fast a dump comes in against psql's \\copy of the same rows, and what memory a large file takes.

Speed: made lines of some 3.5 KB and 110 keys, packed by zstd, through `jobs.importing`; psql copies
the same rows, already CSV, into an equal table. Memory: `python -m jobs import` as a process of its own, its highest
resident memory as the kernel counted it, for a file of 20 MB and one of 2 GB.
"""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.corpus import lines
from benchmarks.database import Bench, bench_database
from benchmarks.figure import Goal, Reading
from benchmarks.lab import ROOT, Lab, LabError
from benchmarks.summary import median
from collectors.dumps.opened import open_dump
from jobs.importing import import_dump

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LINES, QUICK_LINES = 300_000, 30_000
ROUNDS = 3
SMALL_BYTES, LARGE_BYTES, QUICK_LARGE_BYTES = 20_000_000, 2_000_000_000, 200_000_000


def run(lab: Lab) -> list[Reading]:
    with bench_database(lab) as bench:
        return [_speed(lab, bench), *_memory(lab, bench)]


def _speed(lab: Lab, bench: Bench) -> Reading:
    count = QUICK_LINES if lab.quick else LINES
    dump, table = lab.folder / "posts.zst", lab.folder / "posts.csv"
    with zstd.ZstdFile(dump, "w") as file:
        for line in lines(count):
            file.write(line)
    imported, copied = [], []
    for _ in range(1 if lab.quick else ROUNDS):
        bench.begin_anew()
        imported.append(count / asyncio.run(_import(bench, dump)))
        bench.to_file(table, "csv")
        copied.append(count / bench.psql_copy(table, "csv"))
    dump.unlink()
    table.unlink()
    raw = {"lines": count, "imported_rows_s": imported, "copied_rows_s": copied}
    ratio = median(imported) / median(copied)
    return Reading("Import of zst NDJSON against psql \\copy of CSV", ratio, "×", Goal(0.6, True), raw)


async def _import(bench: Bench, dump: Path) -> float:
    """Seconds to bring the dump in."""
    database = bench.database()
    await database.open()
    try:
        began = time.perf_counter()
        done = await import_dump(
            database, open_dump(dump), bench.folder / "rejects", lambda *_: None, again=True
        )
        if done.progress.rejected:
            raise LabError(f"made lines were rejected: {done.progress.rejected}")
        return time.perf_counter() - began
    finally:
        await database.close()


def _memory(lab: Lab, bench: Bench) -> list[Reading]:
    small = _peak_mib(lab, bench, SMALL_BYTES)
    large = _peak_mib(lab, bench, QUICK_LARGE_BYTES if lab.quick else LARGE_BYTES)
    raw = {"small_mib": small, "large_mib": large}
    return [
        Reading("Import: peak memory of a large file against a small", large / small, "×", Goal(1.1), raw)
    ]


def _peak_mib(lab: Lab, bench: Bench, size_bytes: int) -> float:
    file = lab.folder / f"posts-{size_bytes}.ndjson"
    written = 0
    with file.open("wb") as content:
        for line in lines(size_bytes // 2_000):
            written += content.write(line)
            if written >= size_bytes:
                break
    bench.begin_anew()
    environment = os.environ | {
        "DATABASE_URL": bench.conninfo,
        "DATA_DIR": str(lab.folder / "imports"),
        "SUBPULSE_SOURCE": "arctic_shift",
    }
    child = subprocess.Popen(
        [sys.executable, "-m", "jobs", "import", str(file)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(child.pid, 0)
    file.unlink()
    if status:
        raise LabError(f"the import ended with {os.waitstatus_to_exitcode(status)}")
    return used.ru_maxrss / 1024
