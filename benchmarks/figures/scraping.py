"""What scraping takes in memory: a worker's peak while it collects, above what it has before its first job.

`python -m jobs worker` on an empty database, against a sandbox in a process of its own, so that only the scrapers'
own memory counts: discovery, refresh, new posts, re-reading and categorization, ten batches at a time, as fast as
the source's budget allows. Resident memory, read ten times a second.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

from benchmarks.database import Bench, bench_database
from benchmarks.figure import Goal, Reading
from benchmarks.lab import ROOT, Lab, LabError, ending, free_port

SECONDS, QUICK_SECONDS = 90.0, 15.0
EVERY_SECONDS = 0.1
GOAL_MIB = 30.0
MIB = 2**20
READY = "at work"
TOKEN_PATH = "/api/v1/access_token"


def run(lab: Lab) -> list[Reading]:
    port = free_port()
    command = [sys.executable, "-m", "collectors.sandbox", "--port", str(port)]
    with (
        bench_database(lab) as bench,
        lab.server(command, port, "/api/subreddits/search?limit=1", os.environ, ROOT),
    ):
        idle, peak = _watch(lab, bench, port, QUICK_SECONDS if lab.quick else SECONDS)
        stored = _stored(bench)
    if not stored["posts"]:
        raise LabError("the worker collected nothing")
    raw = {"idle_mib": idle, "peak_mib": peak, **stored}
    return [Reading("Scraping: peak memory above idle", peak - idle, "MiB", Goal(GOAL_MIB), raw)]


def _watch(lab: Lab, bench: Bench, port: int, seconds: float) -> tuple[float, float]:
    """(resident MiB before the first job, the most within `seconds`)."""
    with _log(lab).open("w+") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "jobs", "worker"],
            cwd=ROOT,
            env=_environment(bench, port),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        with ending(child):
            process = psutil.Process(child.pid)
            while READY not in _log(lab).read_text():
                if child.poll() is not None:
                    raise LabError(f"the worker ended: {_log(lab).read_text()[-1000:]}")
                time.sleep(0.01)
            idle = peak = process.memory_info().rss
            until = time.monotonic() + seconds
            while time.monotonic() < until and child.poll() is None:
                peak = max(peak, process.memory_info().rss)
                time.sleep(EVERY_SECONDS)
    return idle / MIB, peak / MIB


def _log(lab: Lab) -> Path:
    return lab.folder / "worker.log"


def _environment(bench: Bench, port: int) -> dict[str, str]:
    url = f"http://127.0.0.1:{port}"
    return os.environ | {
        "DATABASE_URL": bench.conninfo,
        "SUBPULSE_SOURCE": "reddit",
        "REDDIT_CLIENT_ID": "sandbox",
        "REDDIT_CLIENT_SECRET": "sandbox",
        "REDDIT_API_URL": url,
        "REDDIT_TOKEN_URL": f"{url}{TOKEN_PATH}",
        "LOG_LEVEL": "warning",
    }


def _stored(bench: Bench) -> dict[str, int]:
    with bench.connect() as connection:
        found = connection.execute("SELECT name, value FROM subpulse_reddit.totals").fetchall()
    return {str(name): int(str(value)) for name, value in found}
