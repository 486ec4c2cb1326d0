from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from db.database import Database
from db.diagnosis.abilities import Unanswered
from db.diagnosis.target import Target, WatchedDatabase, own
from db.diagnosis.workload import Statement, Workload, difference, fingerprint, our_statements, slow, workload
from db.measure import QueryRecorder
from db.migrate import migrate
from db.statements import statements
from tests.conftest import SCHEMA
from tests.db.diagnosis.others import another, run
from tests.servers import a_database_on


@pytest.fixture
async def counted(postgres_15_extended: str) -> AsyncIterator[Target]:
    """A database on a server that counts the statements of all."""
    with a_database_on(postgres_15_extended) as conninfo:
        db = WatchedDatabase(conninfo, QueryRecorder(slow_query_ms=1000))
        await db.open()
        yield Target("theirs@localhost", db, None)
        await db.close()


async def ran(target: Target) -> Workload:
    found = await workload(target)
    assert isinstance(found, Workload)
    return found


async def test_what_other_clients_run_is_told_without_values(counted: Target) -> None:
    await run(counted, "CREATE TABLE sales (id int)", "INSERT INTO sales SELECT generate_series(1, 100)")
    async with another(counted) as other:
        for text in (b"SELECT id FROM sales WHERE id > %d" % number for number in range(5)):
            await other.execute(text)
    found = await ran(counted)
    one = next(one for one in found.statements if "WHERE id >" in one.text)
    assert one.text == "SELECT id FROM sales WHERE id > $1"
    assert (one.calls, one.rows, one.role, one.is_direct, one.is_ours) == (5, 490, "postgres", True, False)
    assert one.total_seconds > 0
    assert one.mean_seconds == one.total_seconds / 5
    assert one.hit_percent == 100
    assert one.read_seconds == 0
    assert found.since < datetime.now(UTC)
    assert found.since.utcoffset() == timedelta()
    assert [each.total_seconds for each in found.statements] == sorted(
        (each.total_seconds for each in found.statements), reverse=True
    )


async def test_what_subpulse_runs_is_marked(postgres_15_extended: str) -> None:
    with a_database_on(postgres_15_extended) as conninfo:
        migrate(conninfo, SCHEMA)
        db = Database(conninfo, SCHEMA, QueryRecorder(slow_query_ms=1000), pool_size=4)
        await db.open()
        target = own(db)
        async with db.transaction() as session:
            await session.execute("deployments.add", version="1", what="x")
            await session.row("vitals.read")
        await ran(target)
        found = await ran(target)
        await db.close()
    ours = {one.text.partition("\n")[0] for one in found.statements if one.is_ours}
    for name in ("deployments.add", "vitals.read", "diagnosis_abilities.role", "diagnosis_target.begin"):
        assert statements()[name].partition("\n")[0] in ours
    theirs = [one.text for one in found.statements if not one.is_ours]
    assert not [text for text in theirs if "INSERT INTO deployments" in text]


async def test_without_the_extension_it_is_said_what_to_do(theirs: Target) -> None:
    found = await workload(theirs)
    if isinstance(found, Unanswered):
        assert "pg_stat_statements" in found.reason
    else:
        assert found.statements


async def test_statements_of_roles_that_may_not_be_seen_are_counted_together(counted: Target) -> None:
    async with another(counted) as other:
        await other.execute("SELECT 'secret'")
    await run(counted, "DROP ROLE IF EXISTS guest", "CREATE ROLE guest LOGIN")
    guest = WatchedDatabase(
        counted.db.conninfo().replace("user=postgres", "user=guest"), QueryRecorder(slow_query_ms=1000)
    )
    await guest.open()
    found = await ran(Target("theirs@localhost", guest, None))
    await guest.close()
    await run(counted, "DROP ROLE guest")
    assert {one.role for one in found.statements} <= {"guest"}
    assert found.hidden_seconds > 0


def statement(**changed: object) -> Statement:
    one = Statement("1", "me", True, "SELECT", 100, 3.0, 10, 90, 10, None, False)
    return replace(one, **changed)  # type: ignore[arg-type]


def reading(*found: Statement, since: int = 0) -> Workload:
    return Workload(found, datetime(2026, 11, 1 + since, tzinfo=UTC), 0, 0.0)


def test_a_difference_is_what_was_run_in_between() -> None:
    before = reading(statement(read_seconds=1.0), statement(id="2"), statement(id="3", calls=500))
    after = reading(
        statement(calls=150, total_seconds=4.0, rows=12, blocks_hit=91, read_seconds=1.25),
        statement(id="2"),
        statement(id="3", calls=7),
        statement(id="4", total_seconds=9.0),
    )
    found = difference(after, before)
    assert [(one.id, one.calls, one.total_seconds) for one in found.statements] == [
        ("4", 100, 9.0),
        ("3", 7, 3.0),
        ("1", 50, 1.0),
    ]
    last = found.statements[-1]
    assert (last.rows, last.blocks_hit, last.blocks_read, last.read_seconds) == (2, 1, 0, 0.25)


def test_after_counting_began_anew_all_of_it_is_new() -> None:
    after = reading(statement(calls=2), since=1)
    assert difference(after, reading(statement())) == after


def test_slow_is_what_takes_long_and_is_run_often() -> None:
    found = [
        statement(),
        statement(calls=99, total_seconds=90.0),
        statement(total_seconds=1.9),
        statement(is_direct=False),
    ]
    assert slow(found) == [found[0]]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("SELECT %(a)s::int, 'x''y' FROM t", "SELECT $1::int, $2 FROM t"),
        ("-- What it answers.\nSELECT a\nFROM t WHERE b = 1.5", "/* c */ SELECT a FROM t WHERE b = $1;"),
        ("SELECT a LIKE 'b%%', true", "SELECT a LIKE $1, $2"),
        ("SELECT interval '1 hour'", "SELECT interval $1"),
        ("SELECT extract(epoch FROM a)", "SELECT extract($1 FROM a)"),
        ("SELECT a IN (1, 2, 3)", "SELECT a IN ($1 /*, ... */)"),
    ],
)
def test_a_statement_is_known_by_all_but_its_values(ours: str, theirs: str) -> None:
    assert fingerprint(ours) == fingerprint(theirs)


def test_every_statement_of_ours_has_a_fingerprint_of_its_own_kind() -> None:
    assert len(our_statements()) > 0.98 * len(statements())
    assert fingerprint("SELECT a FROM t2") not in our_statements()
