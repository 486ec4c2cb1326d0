"""Forget what is too old to be asked for; telemetry goes by whole partitions, in `roll_up`."""

from datetime import timedelta

from db.database import Database
from jobs.context import Context

KEEP = {
    "sources.prune": timedelta(days=30),
    "alerts.prune": timedelta(days=365),
    "instances.prune": timedelta(days=7),
    "reports.prune": timedelta(days=730),
}
KEEP_RUNS = timedelta(days=14)
RUNS_AT_ONCE = 5_000
KEEP_FINISHED_QUEUE_ENTRIES = timedelta(days=2)


async def run(context: Context) -> int:
    """How many rows were forgotten."""
    forgotten = 0
    for statement, keep in KEEP.items():
        forgotten += await context.db.execute(statement, keep=keep)
    forgotten += await context.db.execute("queue.prune", keep=KEEP_FINISHED_QUEUE_ENTRIES)
    forgotten += await context.db.execute("alerts.prune_states")
    return forgotten + await _prune_runs(context.db)


async def _prune_runs(db: Database) -> int:
    forgotten = 0
    while gone := await db.execute("runs.prune", keep=KEEP_RUNS, limit=RUNS_AT_ONCE):
        forgotten += gone
    return forgotten
