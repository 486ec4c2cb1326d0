"""Caches under fire: writers and readers in two processes on one PostgreSQL and one Redis, with what breaks breaking.

Redis is killed twice and comes back each time from a state it had saved some time before; in between PostgreSQL cuts
every listener's connection. All read the machine's one monotonic clock, so that whoever asked may be held against
whoever had written: an answer is too old if a newer version had been committed more than a second before it was
asked for.
"""

import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from benchmarks.lab import ROOT, LabError, ending
from benchmarks.redis_server import RedisServer
from caching.hearing import MOST_STALE_SECONDS
from db.database import with_schema
from db.written import NAME

PROCESSES, WRITERS, READERS, PAIRS = 2, 8, 32, 200
ENDS_WITHIN_SECONDS = 60  # the last quarter of its time included
Values = NDArray[np.float64]
PAIR, MOMENT, VERSION = range(3)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. `too_old` answers were older than they may be; `oldest_seconds` is the oldest of all, counted
    from the commit of what it should have been; the rest are counts by name."""

    too_old: int
    oldest_seconds: float
    counts: dict[str, int]


def fire(conninfo: str, schema: str, folder: Path, redis: RedisServer, seconds: float) -> Outcome:
    """Run it, on a schema in which nobody minds a table `fire`; `redis` keeps what it saves, and runs.

    Raises:
        LabError: a process did not last.
    """
    with psycopg.connect(with_schema(conninfo, schema), autocommit=True) as connection:
        connection.execute("CREATE TABLE fire (pair int, half int, version bigint, PRIMARY KEY (pair, half))")
        connection.execute(
            "INSERT INTO fire SELECT pair, half, 0 FROM generate_series(0, %s) pair, generate_series(0, 1) half",
            (PAIRS - 1,),
        )
        files = [folder / f"fire-{number}" for number in range(PROCESSES)]
        options = {"conninfo": conninfo, "schema": schema, "redis_url": redis.url, "seconds": seconds}
        workers = [_start({**options, "file": str(file), "seed": seed}) for seed, file in enumerate(files)]
        _trouble(connection, redis, seconds)
        counts: Counter[str] = Counter(restarts=2)
        seen = []
        for worker, file in zip(workers, files, strict=True):
            told = _end(worker)
            counts.update(told)
            seen.append(_read(file, told["reads"], told["writes"]))
    return _judge(seen, counts)


def _start(options: dict[str, Any]) -> "subprocess.Popen[str]":
    shared = {"writers": WRITERS // PROCESSES, "readers": READERS // PROCESSES, "pairs": PAIRS}
    command = [sys.executable, "-m", "benchmarks.fire_worker", json.dumps({**options, **shared})]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _trouble(connection: "psycopg.Connection[Any]", redis: RedisServer, seconds: float) -> None:
    """At a quarter, half and three quarters of the time."""
    time.sleep(seconds / 8)
    redis.ask("SAVE")
    time.sleep(seconds / 8)
    redis.kill()
    redis.start()
    time.sleep(seconds / 4)
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND application_name = %s",
        (NAME,),
    )
    redis.ask("SAVE")
    time.sleep(seconds / 4)
    redis.kill()
    redis.start()


def _end(worker: "subprocess.Popen[str]") -> dict[str, int]:
    """The counts of a process that ends now by itself."""
    with ending(worker):
        try:
            out, err = worker.communicate(timeout=ENDS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired as exc:
            raise LabError("a process under fire does not end") from exc
    if worker.returncode:
        raise LabError(f"a process under fire ended with {worker.returncode}: {err.strip()[-2000:]}")
    told: dict[str, int] = json.loads(out.splitlines()[-1])
    return told


def _judge(seen: list[tuple[Values, Values]], counts: Counter[str]) -> Outcome:
    """Hold every answer against the moment at which the version after it had been committed."""
    reads, writes = (np.concatenate(rows, axis=1) for rows in zip(*seen, strict=True))
    committed = np.full((PAIRS, int(writes[VERSION].max()) + 2), np.inf)
    committed[writes[PAIR].astype(int), writes[VERSION].astype(int)] = writes[MOMENT]
    newer = committed[reads[PAIR].astype(int), reads[VERSION].astype(int) + 1]
    ages = np.maximum(reads[MOMENT] - newer, 0)
    counts["older"] = int((ages > 0).sum())
    return Outcome(int((ages > MOST_STALE_SECONDS).sum()), float(ages.max()), dict(counts))


def _read(file: Path, reads: int, writes: int) -> tuple[Values, Values]:
    """What a worker saw: two arrays of three rows, PAIR, MOMENT and VERSION."""
    with file.open("rb") as content:
        first, second = (
            np.stack([np.fromfile(content, kind, count).astype(float) for kind in ("q", "d", "q")])
            for count in (reads, writes)
        )
    return first, second
