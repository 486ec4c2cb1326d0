"""Resident memory of the process, PostgreSQL not counted, with a viewer who has seen every page.

The sandbox is collected from throughout; headless Chromium opens the overview, visits every page of the
navigation once and comes back. A sample each ten seconds for ten minutes: resident (what the goal speaks of),
proportional and unique. The peak counts. The slope of the last five minutes tells a leak from a warm-up.
"""

import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from benchmarks.clients import browser
from benchmarks.figure import Goal, Reading
from benchmarks.lab import Lab, Server
from benchmarks.summary import slope

GOAL_MIB = 250.0
SECONDS, QUICK_SECONDS = 600.0, 60.0
EVERY_SECONDS = 10.0
SLOPE_SECONDS = 300.0
MIB = 2**20


@dataclass(frozen=True, slots=True)
class Sample:
    """Memory in MiB, so many seconds after the start."""

    seconds: float
    rss: float
    pss: float
    uss: float


def run(lab: Lab) -> list[Reading]:
    span = QUICK_SECONDS if lab.quick else SECONDS
    path = browser.installed()
    with lab.subpulse() as server, ExitStack() as stack:
        began = time.monotonic()
        samples = [_sample(server, began)]
        visited: list[str] = []
        if path:
            tab = stack.enter_context(browser.tab(path, f"http://127.0.0.1:{server.port}/"))
            visited = browser.pages(tab)
            for url in [*visited, visited[0]]:
                browser.visit(tab, url)
                samples.append(_sample(server, began))
        while (left := began + span - time.monotonic()) > 0:
            time.sleep(min(EVERY_SECONDS, left))
            samples.append(_sample(server, began))
        others = _others(server)
    return _readings(samples, {"pages_visited": len(visited), "other_processes": others})


def _sample(server: Server, began: float) -> Sample:
    server.check()
    memory = server.process.memory_full_info()
    unshared = (getattr(memory, "pss", 0) / MIB, memory.uss / MIB)  # pss is Linux's alone
    return Sample(time.monotonic() - began, memory.rss / MIB, *unshared)


def _others(server: Server) -> list[str]:
    """Names of child processes that are not PostgreSQL's; there should be none."""
    names = [child.name() for child in server.process.children(recursive=True)]
    return [name for name in names if "postgres" not in name]


def _readings(samples: list[Sample], raw: dict[str, Any]) -> list[Reading]:
    last = samples[-1]
    late = [(one.seconds / 60, one.rss) for one in samples if one.seconds >= last.seconds - SLOPE_SECONDS]
    raw |= {
        "final_pss_mib": last.pss,
        "final_uss_mib": last.uss,
        "minutes": last.seconds / 60,
        "rss_mib": [round(one.rss, 1) for one in samples],
    }
    return [
        Reading("Resident memory, peak", max(one.rss for one in samples), "MiB", Goal(GOAL_MIB), raw),
        Reading("Resident memory, final", last.rss, "MiB"),
        Reading("Resident memory, slope at the end", slope(late), "MiB/min"),
    ]
