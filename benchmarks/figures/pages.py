"""/api/subreddits over a million communities: kept and computed, against a SQLAlchemy API and against bare uvicorn.

All servers run on one core, each is loaded alone by wrk from the other (16 connections) while the rest are idle, in
turns; each round gives its ratios, and the medians of these count. Subpulse is the real process on its own
PostgreSQL, with its jobs paused, and a second time with caches that have no room for anything. The peer asks the same
database for the same pages.

What is kept is one page, asked for as browsers ask, taking zstd, br and gzip; each answers as it does: ours
compressed, the peer plain; bare uvicorn answers what Subpulse did, byte for byte. What is computed are pages of 45 to
55 of every category in turns, plain, so that both do the same, and hardly ever two at once the same.
"""

import os
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figure import Goal, Reading
from benchmarks.figures.quiet import SCHEMA
from benchmarks.lab import ROOT, Lab, Server, free_port
from benchmarks.million import CATEGORIES, a_million
from benchmarks.summary import median
from benchmarks.wrk import load

ROUNDS, QUICK_ROUNDS = 7, 3
SECONDS, QUICK_SECONDS = 4, 2
SETTLE_SECONDS = 10.0
PAGE = "/api/subreddits?limit=50&category=gaming"
PAGES = [f"/api/subreddits?limit={limit}&category={one}" for limit in range(45, 56) for one in CATEGORIES]
UNCOUNTED = [f"{page}&total=false" for page in PAGES]
UNCACHED = ("-m", "benchmarks.servers.uncached")
BROWSERS = "gzip, deflate, br, zstd"
SET_BY_THE_SERVER = frozenset({"date", "server", "connection"})


def run(lab: Lab) -> list[Reading]:
    with (
        a_million(lab) as (inner, conninfo),
        inner.subpulse() as ours,
        _lab_within(inner, "uncached").subpulse(start=UNCACHED) as uncached,
        _other(inner, "bare", BARE_ANSWER=str(_as_answered(ours, inner.folder / "answer"))) as bare,
        _other(inner, "sqlalchemy_api", DATABASE_URL=conninfo, DATABASE_SCHEMA=SCHEMA) as peer,
    ):
        time.sleep(SETTLE_SECONDS)
        return _readings(_rounds(inner, ours, uncached, bare, peer))


def _as_answered(server: Server, file: Path) -> Path:
    """The kept answer, as benchmarks/servers/bare.py reads it."""
    asked = urllib.request.Request(
        f"http://127.0.0.1:{server.port}{PAGE}", headers={"Accept-Encoding": BROWSERS}
    )
    for _ in range(2):
        with urllib.request.urlopen(asked, timeout=30) as answer:
            body, headers = answer.read(), answer.headers.items()
    lines = [f"{name}: {value}" for name, value in headers if name not in SET_BY_THE_SERVER]
    file.write_bytes("\n".join(lines).encode() + b"\n\n" + body)
    return file


def _lab_within(lab: Lab, name: str) -> Lab:
    """A lab with the same data and a log of its own."""
    folder = lab.folder / name
    folder.mkdir()
    within = Lab(folder, lab.quick)
    within.data_dir = lab.data_dir
    return within


@contextmanager
def _other(lab: Lab, name: str, **environment: str) -> Iterator[Server]:
    """One of benchmarks/servers, under the same uvicorn."""
    port = free_port()
    command = [
        sys.executable, "-m", "uvicorn", f"benchmarks.servers.{name}:app", "--port", str(port), "--no-access-log",
        "--log-level", "warning", "--lifespan", "off",
    ]  # fmt: skip
    everything: Mapping[str, str] = {**os.environ, **environment}
    with _lab_within(lab, name).server(command, port, "/health", everything, ROOT) as server:
        yield server


def _rounds(lab: Lab, ours: Server, uncached: Server, bare: Server, peer: Server) -> dict[str, list[float]]:
    """Requests a second of each, one per round."""
    asked = {
        "bare": (bare, [PAGE], BROWSERS),
        "kept": (ours, [PAGE], BROWSERS),
        "kept_plain": (ours, [PAGE], "identity"),
        "peer_counting": (peer, [PAGE], BROWSERS),
        "computed": (uncached, PAGES, "identity"),
        "peer_counting_in_turns": (peer, PAGES, "identity"),
        "peer": (peer, UNCOUNTED, "identity"),
    }
    seconds = QUICK_SECONDS if lab.quick else SECONDS
    found: dict[str, list[float]] = {name: [] for name in asked}
    for turn in range(-1, QUICK_ROUNDS if lab.quick else ROUNDS):
        for name in asked if turn % 2 else reversed(asked):
            server, paths, accepting = asked[name]
            per_second = load(lab, server.port, paths, seconds, accepting).per_second
            if turn >= 0:  # the first round warms up
                found[name].append(per_second)
    return found


def _readings(found: dict[str, list[float]]) -> list[Reading]:
    def ratio(one: str, other: str) -> float:
        return median(a / b for a, b in zip(found[one], found[other], strict=True))

    per_second = {f"{name}_per_second": values for name, values in found.items()}
    return [
        Reading("Kept page, requests a second", median(found["kept"]), "/s", raw=per_second),
        Reading("against SQLAlchemy with count(*)", ratio("kept", "peer_counting"), "times", Goal(60, True)),
        Reading("against bare uvicorn", ratio("kept", "bare"), "times", Goal(0.4, True)),
        Reading("Kept page for who takes it plain", median(found["kept_plain"]), "/s"),
        Reading("Computed page, requests a second", median(found["computed"]), "/s"),
        Reading(
            "against SQLAlchemy with count(*), computed",
            ratio("computed", "peer_counting_in_turns"),
            "times",
            Goal(7, True),
        ),
        Reading(
            "against SQLAlchemy without count(*), computed", ratio("computed", "peer"), "times", Goal(3, True)
        ),
    ]
