"""Reserving due work in batches, so that two processes never do the same one."""

from collections.abc import Sequence
from datetime import timedelta

from jobs.job import Arguments

LEASE = timedelta(minutes=10)  # a batch lost without a trace is due again after so long


def batches(ids: Sequence[str], size: int) -> list[Arguments]:
    """The ids as arguments of one run per `size` of them."""
    return [{"ids": list(ids[i : i + size])} for i in range(0, len(ids), size)]
