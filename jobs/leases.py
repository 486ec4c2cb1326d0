"""Reserving due work in batches, so that two processes never do the same one."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from jobs.context import Context
from jobs.job import Arguments, SourceFailed

LEASE = timedelta(minutes=10)  # a batch lost without a trace is due again after so long


def batches(ids: Sequence[str], size: int) -> list[Arguments]:
    """The ids as arguments of one run per `size` of them."""
    return [{"ids": list(ids[i : i + size])} for i in range(0, len(ids), size)]


@asynccontextmanager
async def given_back(context: Context, release: str, ids: Sequence[str]) -> AsyncIterator[None]:
    """Where the source fails in the body, nobody works on these any more: the statement lets anyone take them.

    What was done by then has no lease and is not due, so that giving it back changes nothing.
    """
    try:
        yield
    except SourceFailed:
        await context.db.execute(release, ids=list(ids))
        raise
