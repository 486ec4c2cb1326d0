"""Take up the work of processes that are gone: their runs are lost, their batches are done again."""

from datetime import timedelta

import structlog

from db import alerts, instances, runs
from jobs.context import Context

log = structlog.get_logger()

WORKER_SILENCE = timedelta(seconds=30)  # three heartbeats of the queue's workers


async def run(context: Context) -> int:
    """How many runs were marked lost or batches put back into the queue."""
    db = context.db
    dead = await instances.dead_on_this_machine(db, context.instance)
    lost = await runs.mark_lost(db, context.instance, dead)
    for instance in dead:
        await instances.leave(db, instance)
    stalled = await db.rows("queue.stalled", silence=WORKER_SILENCE)
    again = {row["queue_id"] for row in lost if row["queue_id"]} | {row["id"] for row in stalled}
    if again:
        async with db.transaction() as session:
            # A worker may have been killed before it gave back the lock, and another start be waiting since.
            await session.execute("queue.unlock", ids=list(again))
            await session.execute("queue.again", ids=list(again))
        log.warning("work of vanished processes taken up", runs_lost=len(lost), batches_again=len(again))
    await alerts.resolve_gone(db)
    return len(lost) + len(again)
