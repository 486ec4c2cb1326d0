import pytest

from db.database import Database
from db.series import SERIES
from db.vitals import Vitals
from tests.stored import sql


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def flush_statistics(db: Database) -> None:
    """A backend tells what it counted when it has nothing else to do, at most once a second; all of the pool now."""
    for _ in range(db.pool_state().size):
        await sql(db, "SELECT pg_stat_force_next_flush()")


async def test_postgresql_says_how_it_fares(db: Database, clock: Clock) -> None:
    found = await Vitals(clock).read(db)
    assert set(found) <= set(SERIES)
    assert found["pg_active"] == 1  # this very question
    assert found["pg_connections"] is not None
    assert 1 <= found["pg_connections"] <= (found["pg_max_connections"] or 0)
    assert (found["pg_size"] or 0) > 2**20
    assert (found["queue_waiting"], found["queue_running"], found["queue_oldest"]) == (0, 0, None)
    assert not {"pg_transactions", "pg_wal", "pg_hit_rate"} & set(found), "no rate from one reading"


async def test_rates_are_the_growth_of_counters_since_the_reading_before(db: Database, clock: Clock) -> None:
    vitals = Vitals(clock)
    await flush_statistics(db)
    await vitals.read(db)
    clock.now = 10.0
    for number in range(20):
        await sql(db, "SELECT count(*) FROM job_runs WHERE id > %s", number)
        await sql(db, "INSERT INTO job_controls (job) VALUES (%s)", f"job {number}")
    await flush_statistics(db)
    found = await vitals.read(db)
    assert (found["pg_transactions"] or 0) >= 4
    assert (found["pg_wal"] or 0) > 100
    assert found["pg_deadlocks"] == found["pg_temp_files"] == 0
    assert 0 < (found["pg_hit_rate"] or 0) <= 100


async def test_a_rate_over_an_outage_is_none(db: Database, clock: Clock) -> None:
    vitals = Vitals(clock)
    await vitals.read(db)
    clock.now = 300.0
    assert "pg_transactions" not in await vitals.read(db)


async def test_counters_that_began_anew_give_no_rate(db: Database, clock: Clock) -> None:
    vitals = Vitals(clock)
    await flush_statistics(db)
    await vitals.read(db)
    await sql(db, "SELECT pg_stat_reset()")
    clock.now = 10.0
    found = await vitals.read(db)
    assert found["pg_transactions"] is None
    assert found["pg_hit_rate"] is None


async def test_the_oldest_entry_that_waits_tells_since_when(db: Database, clock: Clock) -> None:
    await sql(
        db,
        "INSERT INTO procrastinate_jobs (queue_name, task_name, status) "
        "SELECT 'default', 'x', s::procrastinate_job_status "
        "FROM unnest(ARRAY['todo', 'todo', 'doing', 'failed']) AS s",
    )
    await sql(
        db,
        "UPDATE procrastinate_events SET at = now() - interval '1 hour' "
        "WHERE job_id = (SELECT min(id) FROM procrastinate_jobs)",
    )
    found = await Vitals(clock).read(db)
    assert (found["queue_waiting"], found["queue_running"]) == (2, 1)
    assert found["queue_oldest"] == pytest.approx(3600, abs=20)


async def test_a_server_that_refuses_to_tell_is_no_failure(
    db: Database, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    await sql(db, "ALTER TABLE procrastinate_jobs RENAME TO hidden")  # as good as no right to read it
    vitals = Vitals(clock)
    assert await vitals.read(db) == await vitals.read(db) == {}
    assert capsys.readouterr().out.count("does not tell how it fares") == 1
