"""What watching costs: CPU by part, rows and bytes by table."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from db import samples, watching
from db.database import Database
from db.watching import EVERY, Meter
from tests.stored import sql


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def burn(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def meter(clock: Clock) -> Meter:
    return Meter(clock)


def percent(meter: Meter, clock: Clock, part: str) -> float:
    clock.now += 10
    return meter.take()[f"watching_{part}"] or 0.0


def test_cpu_is_told_in_percent_of_a_core_since_the_last_time(meter: Meter, clock: Clock) -> None:
    meter.add("flushing", 0.5)
    assert percent(meter, clock, "flushing") == pytest.approx(5)
    assert percent(meter, clock, "flushing") == 0, "it was measured, and there was none"


def test_a_span_too_short_to_tell_is_left_to_the_next(meter: Meter, clock: Clock) -> None:
    meter.add("flushing", 0.5)
    clock.now += 0.5
    assert meter.take() == {}
    clock.now += 9.5
    assert meter.take()["watching_flushing"] == pytest.approx(5)


def test_what_is_timed_within_counts_for_its_own_part_only(meter: Meter, clock: Clock) -> None:
    with meter.timing("frames"):
        burn(0.02)
        with meter.timing("sampling"):
            burn(0.04)
    clock.now += 10
    taken = meter.take()
    assert 0.19 <= (taken["watching_frames"] or 0) < 0.35
    assert 0.39 <= (taken["watching_sampling"] or 0) < 0.55


def test_waiting_costs_nothing(meter: Meter, clock: Clock) -> None:
    with meter.timing("frames"):
        time.sleep(0.05)
    assert percent(meter, clock, "frames") < 0.2


class Recorder:
    seen = 0

    def add(self, times: int) -> int:
        self.seen += times
        burn(0.0005)
        return self.seen

    def fail(self) -> None:
        burn(0.01)
        raise ValueError("no")


def test_of_short_calls_some_are_timed_and_stand_for_all(meter: Meter, clock: Clock) -> None:
    recorder = Recorder()
    meter.attach(recorder, "add", "requests", EVERY)
    for _ in range(4 * EVERY):
        recorder.add(times=1)
    assert recorder.seen == 4 * EVERY
    spent = 4 * EVERY * 0.0005
    assert percent(meter, clock, "requests") == pytest.approx(10 * spent, rel=0.3)


def test_what_a_call_raises_comes_through_and_its_time_counts(meter: Meter, clock: Clock) -> None:
    recorder = Recorder()
    meter.attach(recorder, "fail", "folding")
    with pytest.raises(ValueError, match="no"):
        recorder.fail()
    assert percent(meter, clock, "folding") >= 0.1


def test_work_in_another_thread_counts(meter: Meter, clock: Clock) -> None:
    thread = threading.Thread(target=meter.timed_apart("rolling_up", burn), args=(0.02,))
    thread.start()
    thread.join()
    assert percent(meter, clock, "rolling_up") >= 0.2


async def test_each_table_is_told_with_all_its_partitions(db: Database) -> None:
    before, database_bytes = await watching.stored(db)
    assert {one.table for one in before} == set(watching.TABLES)
    assert [one.bytes for one in before] == sorted((one.bytes for one in before), reverse=True)
    assert 0 < sum(one.bytes for one in before) < database_bytes
    assert {one.rows_a_day for one in before} == {0.0}
    found = {one.table: one for one in before}
    assert found["job_runs"].partitions == 1
    assert found["samples"].partitions > 5
    now = datetime.now(UTC)
    for minutes in (1, 30):
        await samples.add(db, "app", "me", now - timedelta(minutes=minutes), {"rss": 1.0})
    found = {one.table: one for one in (await watching.stored(db))[0]}
    assert found["samples_live"].rows_a_day == pytest.approx(2 * 48, rel=0.02)
    assert found["samples_live"].bytes > {one.table: one for one in before}["samples_live"].bytes


async def test_tables_without_rows_every_few_seconds_are_told_by_the_day(db: Database) -> None:
    await sql(
        db,
        "INSERT INTO job_runs (job, instance, outcome, started_at) VALUES "
        "('prune', 'me', 'succeeded', now() - interval '12 hours')",
    )
    await sql(
        db,
        "INSERT INTO alert_transitions (rule, instance, state, at, value, threshold, message) "
        "SELECT 'memory', 'me', 'ok', now(), 1, 1, '' FROM generate_series(1, 3)",
    )
    found = {one.table: one for one in (await watching.stored(db))[0]}
    assert found["alert_transitions"].rows_a_day == pytest.approx(6, rel=0.01)
