"""500 live viewers at one frame a second: what they cost the process, and the API beside them.

The real process (clock, worker and sandbox running) on one core; on the other, one client process with 500
WebSockets on /api/live that counts messages, and one that asks /health at a steady mean rate over kept
connections. Windows without and with viewers alternate; each with its own /health samples, pooled.

The CPU that counts is what the viewers add: the process's user and system time with them less that without,
per window, the median. Both are reported, so that what the process needs by itself is seen as well.
"""

from dataclasses import dataclass, field
from typing import Any

from benchmarks.figure import Goal, Reading
from benchmarks.figures.settled import settle
from benchmarks.lab import Lab, Server
from benchmarks.summary import fmean, median, quantile
from benchmarks.worker import Worker, worker

VIEWERS = 500
ROUNDS = 5
WINDOW_SECONDS = 20.0  # the busiest job's period, so that every window holds the same work beside the viewers
HEALTH_PER_SECOND = 100.0
GOAL_CORE_PERCENT = 10.0
GOAL_P99_RATIO = 3.0
SETTLE_SECONDS = 2.0
LISTENERS_NICE = 10


@dataclass(slots=True)
class Windows:
    """What was seen in all windows of a kind: percent of one core, milliseconds of /health."""

    core_percent: list[float] = field(default_factory=list)
    health_ms: list[float] = field(default_factory=list)
    frames: list[dict[str, Any]] = field(default_factory=list)

    def described(self) -> dict[str, Any]:
        return {
            "core_percent": self.core_percent,
            "health_requests": len(self.health_ms),
            **{f"health_ms_p{share}": quantile(self.health_ms, share / 100) for share in (50, 95, 99)},
            "health_ms_max": max(self.health_ms),
        }


def run(lab: Lab) -> list[Reading]:
    rounds = 1 if lab.quick else ROUNDS
    idle, busy = Windows(), Windows()
    with (
        lab.subpulse() as server,
        worker(lab, "listeners", LISTENERS_NICE) as listeners,
        worker(lab, "requests") as requests,
    ):
        settle(lab, server)
        for number in range(rounds):
            _window(idle, server, requests, number)
            listeners.ask("open", port=server.port, path="/api/live", count=VIEWERS)
            settle(lab, server, SETTLE_SECONDS)
            listeners.ask("reset")
            _window(busy, server, requests, number)
            busy.frames.append(listeners.ask("count"))
            listeners.ask("close")
            settle(lab, server, SETTLE_SECONDS)
    return _readings(idle, busy)


def _window(windows: Windows, server: Server, requests: Worker, number: int) -> None:
    before = server.cpu_seconds()
    windows.health_ms += requests.ask(
        "measure",
        port=server.port,
        path="/health",
        rate=HEALTH_PER_SECOND,
        seconds=WINDOW_SECONDS,
        seed=number,
    )
    windows.core_percent.append(100 * (server.cpu_seconds() - before) / WINDOW_SECONDS)


def _readings(idle: Windows, busy: Windows) -> list[Reading]:
    added = [more - less for more, less in zip(busy.core_percent, idle.core_percent, strict=True)]
    each = fmean(frames["messages"] for frames in busy.frames) / VIEWERS / WINDOW_SECONDS
    ratio = quantile(busy.health_ms, 0.99) / quantile(idle.health_ms, 0.99)
    raw = {"idle": idle.described(), "busy": busy.described(), "frames": busy.frames}
    return [
        Reading(
            f"{VIEWERS} viewers, CPU they add", median(added), "% of a core", Goal(GOAL_CORE_PERCENT), raw
        ),
        Reading(f"{VIEWERS} viewers, CPU in all", median(busy.core_percent), "% of a core"),
        Reading("Without viewers, CPU in all", median(idle.core_percent), "% of a core"),
        Reading("Frames a second, each viewer", each, "/s", Goal(0.95, at_least=True)),
        Reading("/health p99, with : without", ratio, "times", Goal(GOAL_P99_RATIO)),
        Reading("/health p99, with viewers", quantile(busy.health_ms, 0.99), "ms"),
        Reading("/health p99, without", quantile(idle.health_ms, 0.99), "ms"),
    ]
