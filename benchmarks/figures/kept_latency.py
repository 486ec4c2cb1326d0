"""/api/stats and /health at 1,000 requests a second beside 100 live viewers, and what compressing saves.

The real process in use, over the sandbox; the viewers are WebSockets on /api/live in one client process, the requests
come from another on kept connections, each timed from when it was due. Of the windows' p99 the median counts. Then a
page of 200 communities is asked for in each coding.
"""

import http.client
from typing import Any

from benchmarks.figure import Goal, Reading
from benchmarks.figures.settled import settle
from benchmarks.lab import Lab, Server
from benchmarks.summary import median, quantile
from benchmarks.worker import Worker, worker

VIEWERS = 100
PER_SECOND = 1000.0
WINDOW_SECONDS, QUICK_WINDOW_SECONDS = 10.0, 3.0
ROUNDS = 5
PATHS = ("/api/stats", "/health")
LISTENERS_NICE = 10
CODINGS = ("zstd", "br", "gzip")
LARGEST_PAGE = "/api/subreddits?limit=200"


def run(lab: Lab) -> list[Reading]:
    with (
        lab.subpulse() as server,
        worker(lab, "listeners", LISTENERS_NICE) as listeners,
        worker(lab, "requests") as requests,
    ):
        settle(lab, server)
        listeners.ask("open", port=server.port, path="/api/live", count=VIEWERS)
        listeners.ask("reset")
        took = _rounds(lab, server, requests)
        frames = listeners.ask("count")
        listeners.ask("close")
        sizes = {coding: _bytes(server, coding) for coding in ("identity", *CODINGS)}
    raw = {"viewers": frames}
    return [*(_latency(path, windows, raw) for path, windows in took.items()), *_sizes(sizes)]


def _rounds(lab: Lab, server: Server, requests: Worker) -> dict[str, list[list[float]]]:
    """Milliseconds of every request, by path and window."""
    took: dict[str, list[list[float]]] = {path: [] for path in PATHS}
    for number in range(1 if lab.quick else ROUNDS):
        for path, windows in took.items():
            windows.append(
                requests.ask(
                    "measure",
                    port=server.port,
                    path=path,
                    rate=PER_SECOND,
                    seconds=QUICK_WINDOW_SECONDS if lab.quick else WINDOW_SECONDS,
                    seed=number,
                )
            )
    return took


def _bytes(server: Server, coding: str) -> int:
    """How long the body is on the wire."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request("GET", LARGEST_PAGE, headers={"Accept-Encoding": coding})
        answer = connection.getresponse()
        assert answer.getheader("Content-Encoding", "identity") == coding
        return len(answer.read())
    finally:
        connection.close()


def _latency(path: str, windows: list[list[float]], raw: dict[str, Any]) -> Reading:
    shown = {
        f"ms_p{share}": [quantile(window, share / 100) for window in windows] for share in (50, 95, 99, 100)
    }
    return Reading(
        f"{path} kept, p99 at {PER_SECOND:,.0f}/s beside {VIEWERS} viewers",
        median(quantile(window, 0.99) for window in windows),
        "ms",
        Goal(15),
        {"requests": [len(window) for window in windows], **shown, **raw},
    )


def _sizes(sizes: dict[str, int]) -> list[Reading]:
    plain = sizes["identity"]
    return [
        Reading(
            f"Page of 200 in {coding} against plain",
            sizes[coding] / plain,
            "of the bytes",
            Goal(0.25) if coding == "zstd" else None,
            {"bytes": sizes[coding], "plain_bytes": plain},
        )
        for coding in CODINGS
    ]
