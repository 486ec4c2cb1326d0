"""Look after all stored posts in turn, slowly: what was deleted at its source is deleted here."""

from datetime import timedelta

from db import rounds
from jobs.context import Context
from jobs.reread_posts import read_again
from jobs.shares import calls

EVERY = timedelta(minutes=5)
ROUND = "deletions"


async def run(context: Context) -> int:
    """How many posts were looked after. The round goes by id and begins again behind the last.

    Raises:
        SourceFailed: the source did not answer; the round goes on there next time.
    """
    looked_after = 0
    for _ in range(await calls(context.budget, "check_deletions", EVERY)):
        after = await rounds.position(context.db, ROUND)
        size = context.source.most_per_call
        rows = await context.db.rows("readings.following", after=after, limit=size)
        ids = [row["id"] for row in rows]
        if ids:
            await read_again(context, ids)
            looked_after += len(ids)
        at_the_end = len(ids) < size
        await rounds.move(context.db, ROUND, "" if at_the_end else ids[-1])
        if at_the_end:
            break
    return looked_after
