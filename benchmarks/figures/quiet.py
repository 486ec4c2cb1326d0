"""The process with nothing to do but serve: every job paused, as an operator pauses them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from benchmarks.lab import Lab
from db.embedded import EmbeddedServer
from jobs.schedule import JOBS

SCHEMA = "subpulse_sandbox"
RUNS_END_SECONDS = 12.0  # so long do runs last that have begun
PAUSE = sql.SQL(
    "INSERT INTO {schema}.job_controls (job, paused) VALUES (%(job)s, %(paused)s)"
    " ON CONFLICT (job) DO UPDATE SET paused = excluded.paused"
).format(schema=sql.Identifier(SCHEMA))


@contextmanager
def jobs_paused(lab: Lab) -> Iterator[None]:
    """No job starts while the body lasts, and none that started before still runs."""
    _pause(lab, True)
    try:
        time.sleep(RUNS_END_SECONDS)
        yield
    finally:
        _pause(lab, False)


def _pause(lab: Lab, paused: bool) -> None:
    server = EmbeddedServer(lab.data_dir)
    try:
        with psycopg.connect(server.start(), autocommit=True) as connection:
            for name in (*(job.name for job in JOBS), "probe_self"):
                connection.execute(PAUSE, {"job": name, "paused": paused})
    finally:
        server.stop()
