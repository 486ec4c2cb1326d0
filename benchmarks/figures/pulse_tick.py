"""What the pulse's tick costs: one frame computed, encoded and offered to every listener.

Called directly in this process with the size of frame that a busy instance sends (eleven series, five runs, six
verdicts) from one publisher that answers at once, so this is the pulse's own share; what the publishers cost is
in the idle CPU of `live_viewers`. Median of rounds. For information.
"""

import asyncio
import time
from typing import Any

from benchmarks.figure import Reading
from benchmarks.lab import Lab
from benchmarks.summary import median
from pulse import SERVED_AT_ONCE, Listener, Part, Pulse

ROUNDS = 9
TICKS = 500
LISTENERS = 500


def run(lab: Lab) -> list[Reading]:
    ticks = TICKS // 5 if lab.quick else TICKS
    alone, fanned, bytes_each = [], [], 0
    for _ in range(ROUNDS):
        took, bytes_each = _tick_us(ticks, listeners=0)
        alone.append(took)
        fanned.append(_tick_us(ticks // 5, listeners=LISTENERS)[0])
    return [
        Reading("Pulse tick", median(alone), "µs", raw={"bytes": bytes_each, "rounds_us": alone}),
        Reading(f"Pulse tick, {LISTENERS} listeners", median(fanned), "µs", raw={"rounds_us": fanned}),
    ]


def _tick_us(ticks: int, listeners: int) -> tuple[float, int]:
    """(microseconds per tick until every listener was served, bytes of its message)."""
    return asyncio.run(_ticked(ticks, listeners))


async def _ticked(ticks: int, listeners: int) -> tuple[float, int]:
    pulse = Pulse()
    turns = max(listeners - 1, 0) // SERVED_AT_ONCE
    pulse.publish(lambda: Part(series=SERIES, runs=RUNS, now=NOW))
    pulse._listeners.update(Listener() for _ in range(listeners))
    began = time.perf_counter()
    for _ in range(ticks):
        message = pulse.tick()
        for _ in range(turns):
            await asyncio.sleep(0)
    return 1e6 * (time.perf_counter() - began) / ticks, len(message.data)


SERIES: dict[str, float | None] = {
    "p50": 1.234,
    "p95": 12.345,
    "p99": 123.456,
    "requests": 42,
    "errors": 0,
    "hit_rate": 97.5,
    "slow_queries": 3,
    "rss": 180_000_000,
    "cpu": 3.4,
    "subreddits": 12_345,
    "posts": 1_234_567,
}
RUNS: list[dict[str, Any]] = [
    {
        "id": number,
        "job": "refresh_subreddits",
        "outcome": "succeeded",
        "started": 1.7e9 + number,
        "finished": 1.7e9 + number + 0.5,
        "rise": 1_000_000,
        "items": 100,
    }
    for number in range(5)
]
NOW: dict[str, Any] = {
    "verdicts": [
        {
            "part": part,
            "state": "good",
            "word": "healthy",
            "reason": "p95 12 ms of 300 ms",
            "page": "endpoints",
        }
        for part in ("API", "Database", "Cache", "Jobs", "Sources", "Memory")
    ],
    "alerts": [],
    "source": {"name": "sandbox", "sandbox": True},
    "memory_limit": 2**30,
    "memory_alert": 2**30 * 0.8,
    "objective_ms": 300,
}
