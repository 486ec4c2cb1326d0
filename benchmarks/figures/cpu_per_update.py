"""CPU per viewer and update: a pushed frame against a Streamlit fragment that reruns with defaults.

A: listeners on the real process's /api/live, one frame a second each. B: `benchmarks/rerun_app.py` under
`streamlit run` with Streamlit's defaults (a collection of all garbage after every run; no gc.freeze), watched by
viewers that speak the browser's protocol, one rerun of four charts every two seconds each. Both on the same core,
their clients on the other; windows alternate (A idle, A, B idle, B, …). Subpulse's jobs are paused, as the other
has none: collecting comes in bursts of 20 % of a core, in which the cost of a frame would drown.

Cost = the server process's user and system time in a window with viewers, less that in the window without before
it, by the updates that viewers received. The ratio is of the medians of all rounds.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.figure import Goal, Reading
from benchmarks.figures.quiet import jobs_paused
from benchmarks.figures.settled import settle
from benchmarks.lab import ROOT, Lab, Server, free_port
from benchmarks.summary import median
from benchmarks.worker import Worker, worker

GOAL_RATIO = 500.0
ROUNDS = 5
LISTENERS = 500
VIEWERS = 10
RERUN_SECONDS = 2.0
SETTLE_SECONDS = 4.0
WINDOW_SECONDS = 10.0


@dataclass(slots=True)
class Variant:
    """One way to keep viewers up to date, and what its rounds gave."""

    server: Server
    client: Worker
    open: dict[str, Any]
    ms_per_update: list[float] = field(default_factory=list)
    idle_cpu_ms: list[float] = field(default_factory=list)
    counts: list[dict[str, Any]] = field(default_factory=list)

    def described(self) -> dict[str, Any]:
        return {
            "ms_per_update": self.ms_per_update,
            "idle_cpu_ms_per_window": self.idle_cpu_ms,
            "windows": self.counts,
        }


def run(lab: Lab) -> list[Reading]:
    with ExitStack() as stack:
        pushed = Variant(
            live := stack.enter_context(lab.subpulse()),
            stack.enter_context(worker(lab, "listeners")),
            {"port": live.port, "path": "/api/live", "count": LISTENERS},
        )
        rerun = Variant(
            usual := stack.enter_context(_rerun_app(lab)),
            stack.enter_context(worker(lab, "reruns")),
            {"port": usual.port, "count": VIEWERS, "spread_seconds": RERUN_SECONDS},
        )
        settle(lab, live)
        stack.enter_context(jobs_paused(lab))
        for _ in range(1 if lab.quick else ROUNDS):
            for variant in (pushed, rerun):
                _round(lab, variant)
    return _readings(pushed, rerun)


@contextmanager
def _rerun_app(lab: Lab) -> Iterator[Server]:
    """`streamlit run` with no configuration but its port, far from our own .streamlit folder."""
    port = free_port()
    home = lab.folder / "home"
    home.mkdir(exist_ok=True)
    script = home / "rerun_app.py"
    script.write_bytes((ROOT / "benchmarks" / "rerun_app.py").read_bytes())
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    options = ["--server.port", str(port), "--server.address", "127.0.0.1", "--server.headless", "true"]
    quiet = ["--browser.gatherUsageStats", "false"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STREAMLIT_")}
    with lab.server(
        command + options + quiet, port, "/_stcore/health", environment | {"HOME": str(home)}, home
    ) as server:
        yield server


def _round(lab: Lab, variant: Variant) -> None:
    """A window without viewers, then one with."""
    idle = _cpu_ms(variant)
    variant.client.ask("open", **variant.open)
    settle(lab, variant.server, SETTLE_SECONDS)
    variant.client.ask("reset")
    busy = _cpu_ms(variant)
    counted = variant.client.ask("count")
    variant.client.ask("close")
    variant.idle_cpu_ms.append(idle)
    variant.counts.append(counted)
    variant.ms_per_update.append((busy - idle) / counted["messages"])
    settle(lab, variant.server, SETTLE_SECONDS)


def _cpu_ms(variant: Variant) -> float:
    """What its server uses in a window."""
    before = variant.server.cpu_seconds()
    time.sleep(WINDOW_SECONDS)
    return 1000 * (variant.server.cpu_seconds() - before)


def _readings(pushed: Variant, rerun: Variant) -> list[Reading]:
    each_pushed, each_rerun = median(pushed.ms_per_update), median(rerun.ms_per_update)
    raw = {"pushed": pushed.described(), "rerun": rerun.described()}
    return [
        Reading(
            "CPU per viewer and update, rerun : pushed",
            each_rerun / each_pushed,
            "times",
            Goal(GOAL_RATIO, at_least=True),
            raw,
        ),
        Reading(f"Pushed frame, {LISTENERS} listeners", each_pushed, "ms"),
        Reading(f"Rerun fragment, {VIEWERS} viewers", each_rerun, "ms"),
    ]
