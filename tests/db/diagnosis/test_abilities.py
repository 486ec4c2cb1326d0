import asyncio
from collections.abc import AsyncIterator

import pytest

from db.diagnosis.abilities import Abilities, Lack, Unanswered, abilities
from db.diagnosis.target import Target, WatchedDatabase
from db.measure import QueryRecorder
from tests.db.diagnosis.others import run
from tests.servers import a_database_on, debian


async def test_the_embedded_server_lets_us_see_everything_and_has_no_extension(ours: Target) -> None:
    found = await abilities(ours)
    assert found.version // 10000 == 18
    assert found.is_superuser
    assert found.may_read_all_stats
    assert found.may_cancel
    assert found.extensions == {"plpgsql": "1.0"}
    assert found.shared_preload_libraries == ()
    assert {lack.what for lack in found.lacking} == {"pg_stat_statements", "hypopg", "track_io_timing"}


async def test_every_postgresql_says_what_it_has(theirs: Target) -> None:
    found = await abilities(theirs)
    lacking = {lack.what for lack in found.lacking}
    assert found.version // 10000 in (15, 16, 18)
    if "hypopg" in found.extensions:
        assert not lacking
        assert found.shared_preload_libraries == ("pg_stat_statements",)
        assert found.schemas["pg_stat_statements"] == "public"
    else:
        assert lacking == {"pg_stat_statements", "hypopg", "track_io_timing"}


@pytest.fixture
async def extended(postgres_15_extended: str) -> AsyncIterator[Target]:
    """A database on a server that has the extensions."""
    with a_database_on(postgres_15_extended) as conninfo:
        db = WatchedDatabase(conninfo, QueryRecorder(1000))
        await db.open()
        yield Target("theirs@localhost", db, None)
        await db.close()


def lack_of(found: Abilities, what: str) -> Lack:
    return next(lack for lack in found.lacking if lack.what == what)


@pytest.mark.parametrize("what", ["pg_stat_statements", "hypopg"])
async def test_an_extension_that_is_not_created_can_be(extended: Target, what: str) -> None:
    await run(extended, f"DROP EXTENSION {what}")
    lack = lack_of(await abilities(extended), what)
    assert "is not created in this database" in lack.sentence
    assert lack.remedy == f"CREATE EXTENSION {what}"
    assert (await abilities(extended)).lack_of(what) == Unanswered(lack.sentence, lack.remedy)
    await run(extended, lack.remedy or "")
    assert (await abilities(extended)).lack_of(what) is None


async def test_an_extension_that_is_too_old_can_be_updated(extended: Target) -> None:
    await run(
        extended, "DROP EXTENSION pg_stat_statements", "CREATE EXTENSION pg_stat_statements VERSION '1.8'"
    )
    lack = lack_of(await abilities(extended), "pg_stat_statements")
    assert "pg_stat_statements 1.8 is too old" in lack.sentence
    await run(extended, lack.remedy or "")
    assert (await abilities(extended)).lacking == ()


async def test_a_schema_that_our_role_may_not_use_is_told(extended: Target) -> None:
    await run(
        extended,
        "DROP EXTENSION pg_stat_statements",
        'CREATE SCHEMA "its own"',
        'CREATE EXTENSION pg_stat_statements SCHEMA "its own"',
        "CREATE ROLE guest_of_schema LOGIN",
    )
    db = WatchedDatabase(f"{extended.db.conninfo()} user=guest_of_schema", QueryRecorder(1000))
    await db.open()
    guest = Target("theirs@localhost", db, None)
    lack = lack_of(await abilities(guest), "pg_stat_statements")
    assert "may not use the schema its own" in lack.sentence
    assert lack.remedy == 'GRANT USAGE ON SCHEMA "its own" TO guest_of_schema'
    await run(extended, lack.remedy or "")
    assert "pg_stat_statements" not in {one.what for one in (await abilities(guest)).lacking}
    await db.close()
    await run(extended, 'DROP SCHEMA "its own" CASCADE', "DROP ROLE guest_of_schema")


def test_libraries_that_are_preloaded_already_stay() -> None:
    with debian({"shared_preload_libraries": "auto_explain, pg_prewarm"}) as conninfo:
        found = asyncio.run(_abilities(conninfo))
    assert found.shared_preload_libraries == ("auto_explain", "pg_prewarm")
    lack = lack_of(found, "pg_stat_statements")
    assert "is not in shared_preload_libraries" in lack.sentence
    assert (lack.remedy or "").startswith(
        "ALTER SYSTEM SET shared_preload_libraries = 'auto_explain', 'pg_prewarm', 'pg_stat_statements'; "
    )
    assert (lack.remedy or "").endswith("CREATE EXTENSION pg_stat_statements")


async def _abilities(conninfo: str) -> Abilities:
    db = WatchedDatabase(conninfo, QueryRecorder(1000))
    await db.open()
    try:
        return await abilities(Target("theirs@localhost", db, None))
    finally:
        await db.close()
