"""500 live viewers at one frame a second: what they cost the process, and the API beside them.

The real process (clock, worker and sandbox running) on one core; on the other, one client process with 500
WebSockets on /api/live that counts messages, and one that asks /health 150 times a second on average over kept
connections. Windows without and with viewers alternate, 3,000 answers in each; of their p99 the median counts, so
that a window in which the machine was busy elsewhere does not decide.

First as it is in use, then with every job paused. What viewers add to the CPU (user and system time of the
process with them, less that without, per window; the median) is taken from the quiet part, where nothing else
moves: collecting uses 5-20 % of a core, in bursts. The API's p99 is compared in both: in use, its own jobs are
what a request waits for; in the quiet it is the second's fan-out alone.
"""

from dataclasses import dataclass, field
from typing import Any

from benchmarks.figure import Goal, Reading
from benchmarks.figures.quiet import jobs_paused
from benchmarks.figures.settled import settle
from benchmarks.lab import Lab, Server
from benchmarks.summary import fmean, median, quantile
from benchmarks.worker import Worker, worker

VIEWERS = 500
ROUNDS = 4
WINDOW_SECONDS = 20.0  # the busiest job's period, so that every window holds much the same work
HEALTH_PER_SECOND = 150.0
GOAL_CORE_PERCENT = 10.0
GOAL_P99_RATIO = 3.0
GOAL_FRAMES = 0.95
SETTLE_SECONDS = 2.0
LISTENERS_NICE = 10


@dataclass(slots=True)
class Windows:
    """What was seen in all windows of a kind: percent of one core, milliseconds of /health."""

    core_percent: list[float] = field(default_factory=list)
    health_ms: list[list[float]] = field(default_factory=list)
    frames: list[dict[str, Any]] = field(default_factory=list)

    @property
    def health_p99(self) -> float:
        """The median over the windows."""
        return median(quantile(window, 0.99) for window in self.health_ms)

    def described(self) -> dict[str, Any]:
        return {
            "core_percent": self.core_percent,
            "health_requests": [len(window) for window in self.health_ms],
            **{
                f"health_ms_p{share}": [quantile(window, share / 100) for window in self.health_ms]
                for share in (50, 95, 99, 100)
            },
        }


Pair = tuple[Windows, Windows]


def run(lab: Lab) -> list[Reading]:
    with (
        lab.subpulse() as server,
        worker(lab, "listeners", LISTENERS_NICE) as listeners,
        worker(lab, "requests") as requests,
    ):
        settle(lab, server)
        in_use = _rounds(lab, server, listeners, requests)
        with jobs_paused(lab):
            quiet = _rounds(lab, server, listeners, requests)
    return _readings(in_use, quiet)


def _rounds(lab: Lab, server: Server, listeners: Worker, requests: Worker) -> Pair:
    """(windows without viewers, windows with), alternated."""
    idle, busy = Windows(), Windows()
    for number in range(1 if lab.quick else ROUNDS):
        _window(idle, server, requests, number)
        listeners.ask("open", port=server.port, path="/api/live", count=VIEWERS)
        settle(lab, server, SETTLE_SECONDS)
        listeners.ask("reset")
        _window(busy, server, requests, number)
        busy.frames.append(listeners.ask("count"))
        listeners.ask("close")
        settle(lab, server, SETTLE_SECONDS)
    return idle, busy


def _window(windows: Windows, server: Server, requests: Worker, number: int) -> None:
    before = server.cpu_seconds()
    took = requests.ask(
        "measure",
        port=server.port,
        path="/health",
        rate=HEALTH_PER_SECOND,
        seconds=WINDOW_SECONDS,
        seed=number,
    )
    windows.health_ms.append(took)
    windows.core_percent.append(100 * (server.cpu_seconds() - before) / WINDOW_SECONDS)


def _readings(in_use: Pair, quiet: Pair) -> list[Reading]:
    frames = [*in_use[1].frames, *quiet[1].frames]
    each = fmean(counted["messages"] for counted in frames) / VIEWERS / WINDOW_SECONDS
    core = "% of a core"
    return [
        Reading(
            f"{VIEWERS} viewers, CPU they add",
            median(_added(quiet)),
            core,
            Goal(GOAL_CORE_PERCENT),
            _raw(quiet),
        ),
        Reading("Process in use, with viewers", median(in_use[1].core_percent), core, raw=_raw(in_use)),
        Reading("Process in use, without", median(in_use[0].core_percent), core),
        Reading("Frames a second, each viewer", each, "/s", Goal(GOAL_FRAMES, at_least=True)),
        Reading("/health p99 in use, with : without", _p99_ratio(in_use), "times", Goal(GOAL_P99_RATIO)),
        Reading("/health p99 in the quiet, with : without", _p99_ratio(quiet), "times", Goal(GOAL_P99_RATIO)),
    ]


def _added(pair: Pair) -> list[float]:
    idle, busy = pair
    return [more - less for more, less in zip(busy.core_percent, idle.core_percent, strict=True)]


def _p99_ratio(pair: Pair) -> float:
    idle, busy = pair
    return busy.health_p99 / idle.health_p99


def _raw(pair: Pair) -> dict[str, Any]:
    idle, busy = pair
    return {"without": idle.described(), "with": busy.described(), "frames": busy.frames}
