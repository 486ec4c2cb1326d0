import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from db import partitions
from db.database import Database, with_schema
from db.diagnosis import activity, indexes, locks, tables, target
from db.diagnosis.abilities import Unanswered, abilities, answered
from db.diagnosis.findings import findings, verdict
from db.diagnosis.growth import note_sizes
from db.diagnosis.target import Target, WatchedDatabase, question
from db.embedded import EmbeddedServer
from db.measure import QueryRecorder
from db.migrate import migrate
from tests.conftest import SCHEMA, folder_for_postgres
from tests.db.diagnosis.filled import fill
from tests.db.diagnosis.others import another, run
from tests.db.diagnosis.test_configuration import CARELESS
from tests.waiting import until_found

MACHINE_BYTES = 24 * 2**30


@asynccontextmanager
async def opened(conninfo: str) -> AsyncIterator[Target]:
    db = Database(conninfo, SCHEMA, QueryRecorder(slow_query_ms=1000), pool_size=4)
    await db.open()
    yield target.own(db)
    await db.close()


@pytest.fixture
def as_shipped() -> Iterator[str]:
    """The embedded PostgreSQL just as Subpulse starts it, with our schema."""
    with folder_for_postgres() as folder:
        server = EmbeddedServer(folder)
        conninfo = server.start()
        migrate(conninfo, SCHEMA)
        partitions.maintain(with_schema(conninfo, SCHEMA))
        yield conninfo
        server.stop()


async def test_nothing_is_said_of_our_own_database_as_it_is_shipped(as_shipped: str) -> None:
    async with opened(as_shipped) as ours:
        await fill(ours.db)
        await note_sizes(ours.db, ours)
        found = await verdict(ours, ours.db, MACHINE_BYTES)
    assert found.findings == []
    assert found.unanswered == []


async def test_nothing_is_said_of_our_own_database_on_any_postgresql(any_database: str) -> None:
    migrate(any_database, SCHEMA)
    partitions.maintain(with_schema(any_database, SCHEMA))
    async with opened(any_database) as ours:
        await fill(ours.db)
        found = await verdict(ours, ours.db, MACHINE_BYTES)
    assert {one.title for one in found.findings} <= CARELESS
    assert found.unanswered == []


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thresholds that a test reaches at once."""
    monkeypatch.setattr(activity, "IDLE_IN_TRANSACTION_SECONDS", 0.0)
    monkeypatch.setattr(locks, "LONG_WAIT_SECONDS", 0.0)
    monkeypatch.setattr(indexes, "UNUSED_LEAST_BYTES", 1)
    monkeypatch.setattr(indexes, "UNUSED_DAYS", 0.0)
    monkeypatch.setattr(tables, "RESPITE_SECONDS", 0.0)


@pytest.fixture
async def ill(theirs: Target) -> Target:
    """A shop in which much is wrong."""
    await run(
        theirs,
        "CREATE TABLE sales (id int PRIMARY KEY, shop int, at int, note text) WITH (autovacuum_enabled = off)",
        "INSERT INTO sales SELECT n, n % 9, n, 'note ' || n % 1000 FROM generate_series(1, 20000) AS n",
        "CREATE INDEX idle ON sales (at)",
        "CREATE INDEX short ON sales (shop)",
        "CREATE INDEX longer ON sales (shop, note)",
        "SELECT pg_stat_force_next_flush()",
        "SELECT 1",
        "ANALYZE sales",
        "UPDATE sales SET note = 'x' WHERE id % 3 > 0",
        "SELECT pg_stat_force_next_flush()",
        "SELECT 1",
    )
    with pytest.raises(psycopg.errors.UniqueViolation):
        await run(theirs, "CREATE UNIQUE INDEX CONCURRENTLY half ON sales (note)")
    return theirs


@pytest.mark.usefixtures("impatient")
async def test_every_planted_problem_is_found_and_nothing_else(ill: Target, db: Database) -> None:
    await note_sizes(db, ill)
    async with another(ill) as first, another(ill, application_name="till") as second:
        await first.execute("UPDATE sales SET at = 0 WHERE id = 1")
        waiting = asyncio.create_task(second.execute("UPDATE sales SET at = 1 WHERE id = 1"))

        async def is_blocked() -> bool:
            answer = await locks.blocking(ill)
            return bool(answer)

        await until_found(is_blocked)
        found = await findings(ill, db)
        await first.rollback()
        await waiting
    told = sorted((one.title, one.sentence.split()[0]) for one in found if one.title not in CARELESS)
    assert told == [
        ("A blocked statement", "process"),
        ("A duplicate index", "public.short"),
        ("An invalid index", "public.half"),
        ("An unused index", "public.idle"),
        ("An unused index", "public.longer"),
        ("Dead rows", "public.sales"),
        ("Idle in a transaction", "process"),
        ("Stale statistics", "public.sales"),
    ]
    assert [one.severity for one in found] == sorted(one.severity for one in found), "the bad ones first"


@pytest.fixture
async def guest(theirs: Target) -> AsyncIterator[Target]:
    """The same database for a role that may see little."""
    name = "guest " + theirs.db.conninfo().partition("dbname=test_")[2][:6]
    await run(theirs, "CREATE TABLE sales (id int PRIMARY KEY)", f'CREATE ROLE "{name}" LOGIN')
    db = WatchedDatabase(make_conninfo(theirs.db.conninfo(), user=name), QueryRecorder(1000))
    await db.open()
    yield Target("theirs@localhost", db, None)
    await db.close()
    await run(theirs, f'DROP ROLE "{name}"')


async def test_a_role_without_rights_is_told_what_to_run_for_them(guest: Target, theirs: Target) -> None:
    seen = await abilities(guest)
    assert (seen.is_superuser, seen.may_read_all_stats, seen.may_cancel) == (False, False, False)
    assert seen.shared_preload_libraries is None
    lacking = {lack.what: lack.remedy for lack in seen.lacking}
    assert lacking["pg_monitor"] == f'GRANT pg_monitor TO "{seen.role}"'
    assert lacking["pg_signal_backend"] == f'GRANT pg_signal_backend TO "{seen.role}"'
    await run(theirs, *(lacking[right] or "" for right in ("pg_monitor", "pg_signal_backend")))
    seen = await abilities(guest)
    assert (seen.may_read_all_stats, seen.may_cancel) == (True, True)
    assert seen.shared_preload_libraries is not None
    await run(theirs, f'REVOKE pg_monitor, pg_signal_backend FROM "{seen.role}"')


async def test_without_rights_what_can_be_judged_is_and_the_rest_has_a_reason(guest: Target) -> None:
    found = await verdict(guest)
    assert {one.title for one in found.findings} <= CARELESS
    (hidden,) = found.unanswered
    assert hidden.reason == "Statistics of columns are hidden from who may not read the tables."
    assert (hidden.remedy or "").startswith('GRANT pg_read_all_data TO "guest ')


async def test_what_others_do_is_hidden_and_left_alone_without_rights(guest: Target, theirs: Target) -> None:
    async with another(theirs) as other:
        await other.execute("LOCK TABLE sales")
        (backend,) = (await seen_activity(theirs)).backends
        hidden = await seen_activity(guest)
        assert (hidden.backends, hidden.hidden >= 1) == ([], True)
        ended = await locks.terminate(guest, backend.pid, backend.backend_start)
        assert not ended.done
        assert (ended.remedy or "").startswith('GRANT pg_read_all_stats TO "guest ')
        await run(theirs, (ended.remedy or ""))
        ended = await locks.terminate(guest, backend.pid, backend.backend_start)
        assert not ended.done
        assert (ended.remedy or "").startswith('GRANT pg_signal_backend TO "guest ')
        await run(theirs, f'REVOKE pg_read_all_stats FROM "{(await abilities(guest)).role}"')
        await other.execute("SELECT 1")


async def seen_activity(target: Target) -> activity.Activity:
    found = await activity.activity(target)
    assert isinstance(found, activity.Activity)
    return found


async def test_a_table_that_is_locked_leaves_a_reason_and_holds_nothing_up(
    theirs: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target, "LOCK_TIMEOUT_SECONDS", 0.05)
    await run(theirs, "CREATE TABLE sales (id int PRIMARY KEY)")
    async with another(theirs) as other:
        await other.execute("LOCK TABLE sales IN ACCESS EXCLUSIVE MODE")
        found = await indexes.indexes(theirs)
    assert isinstance(found, Unanswered)
    assert "is locked" in found.reason


async def test_what_a_server_does_not_have_is_no_error(postgres_15: str) -> None:
    @answered
    async def of_newer_ones(target: Target) -> int:
        async with question(target) as session:
            return int(await session.value("diagnosis_health.checkpoints"))

    db = WatchedDatabase(postgres_15, QueryRecorder(1000))
    await db.open()
    found = await of_newer_ones(Target("theirs@localhost", db, None))
    await db.close()
    assert found == Unanswered(
        'This server does not know that: relation "pg_stat_checkpointer" does not exist.'
    )


async def test_a_question_that_takes_too_long_has_no_answer(
    ours: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target, "STATEMENT_TIMEOUT_SECONDS", 0.02)

    @answered
    async def slow(target: Target) -> int:
        async with question(target) as session:
            await session.connection.execute("SELECT pg_sleep(5)")
        return 1

    found = await slow(ours)
    assert isinstance(found, Unanswered)
    assert "no answer within" in found.reason
