"""Both cursors that are compared do the same work, and one of them is measured."""

import asyncio

import numpy as np
import pytest

from benchmarks.figures import slow_query_page, statement_cost
from benchmarks.figures.statement_cost import Instant, MeasuredInstant
from db import histogram, statement_totals
from db.measure import QueryRecorder
from db.statement_costs import CALLS, REUSES
from db.statement_totals import MICROSECONDS, SUMS


def test_the_measured_cursor_notes_every_execution() -> None:
    recorder = QueryRecorder(1e9)
    MeasuredInstant.recorder = recorder
    for cursor in (Instant(), MeasuredInstant()):
        asyncio.run(statement_cost._executions_us(cursor, "SELECT 1", 7))
    (cost,) = recorder.drain().together.values()
    assert (cost[CALLS], cost[REUSES]) == (7, 7)


def test_counting_is_part_of_what_the_measured_one_took() -> None:
    took = asyncio.run(statement_cost._direct(3))
    assert [len(each) for each in took.values()] == [3, 3, 3]
    assert all(
        measured > counting
        for measured, counting in zip(took["measured_us"], took["counting_us"], strict=True)
    )
    assert len(statement_cost.differences(took)) == 3


def test_an_hour_of_statements_is_the_same_in_durations_and_in_sums() -> None:
    times, sums = slow_query_page.an_hour(3600)
    seconds = sums.times[sums.bucket == MICROSECONDS].sum() / 1e6
    counts = np.bincount(times.bucket, minlength=histogram.BUCKETS)
    assert histogram.mean(counts) == pytest.approx(seconds / slow_query_page.EXECUTIONS, rel=0.01)
    assert times.times.sum() == slow_query_page.EXECUTIONS
    assert sums.times[sums.bucket == statement_totals.CALLS].sum() == slow_query_page.EXECUTIONS
    assert sums.bucket.max() < SUMS.buckets
