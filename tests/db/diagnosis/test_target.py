import asyncio
from pathlib import Path

import psycopg
import pytest

from db.attribution import asked_by
from db.database import Database
from db.diagnosis import target
from db.diagnosis.abilities import abilities
from db.diagnosis.target import Target, opened, question
from db.embedded import EmbeddedServer
from db.errors import DatabaseDown
from settings import Settings
from tests.conftest import folder_for_postgres
from tests.db.test_outage import stop
from tests.stored import sql
from tests.waiting import until


def watching(settings: Settings, *urls: str) -> Settings:
    return settings.model_copy(update={"watched_databases": urls})


@pytest.fixture
def nowhere(tmp_path: Path) -> str:
    """A PostgreSQL that is not there."""
    return f"postgresql://me:hunter2@/shop?host={tmp_path}"


async def test_our_own_database_comes_first_and_then_the_watched_ones(
    db: Database, settings: Settings, database_url: str
) -> None:
    async with opened(watching(settings, database_url), db) as targets:
        own, other = targets.values()
        assert (own.name, own.db, own.schema, own.is_own) == ("own", db, "subpulse_sandbox", True)
        assert list(targets)[1] == other.name
        assert other.name.startswith("test_")
        assert (other.schema, other.is_own) == (None, False)
        async with question(other) as session:
            assert await session.value("diagnosis_abilities.role") // 10000 == 18
    assert other.db.pool.closed
    assert not db.pool.closed


async def test_a_server_that_is_away_holds_nothing_up_and_shows_no_password(
    db: Database,
    settings: Settings,
    nowhere: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(target, "CHECK_SECONDS", 0.05)
    async with asyncio.timeout(2), opened(watching(settings, nowhere), db) as targets:
        away = list(targets.values())[1]
        await until(lambda: away.db.down_reason is not None)
        with pytest.raises(DatabaseDown, match="No such file") as caught:
            async with question(away):
                pass
    said = f"{caught.value!s} {away!r} {away.db.down_reason} {capsys.readouterr().out}"
    assert away.name in said
    assert "hunter2" not in said


async def test_a_question_can_change_nothing_and_leaves_nothing_behind(ours: Target) -> None:
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        async with question(ours, search_path="subpulse_sandbox") as session:
            await session.execute("deployments.add", version="1", what="x")
    async with question(ours) as session:
        settings = await session.connection.execute(
            "SELECT current_setting('statement_timeout'), current_setting('lock_timeout')"
        )
        assert await settings.fetchone() == ("5s", "1s")
    for _ in range(ours.db.pool_size):
        assert await sql(
            ours.db,
            "SELECT current_setting('statement_timeout'), current_setting('lock_timeout'), "
            "current_setting('transaction_read_only'), current_schema()",
        ) == [("0", "0", "off", "subpulse_sandbox")]


async def test_no_function_of_the_database_passes_for_one_of_postgresqls(ours: Target) -> None:
    await sql(ours.db, "CREATE FUNCTION pg_has_role(text, text) RETURNS bool LANGUAGE sql AS 'SELECT false'")
    async with question(ours) as session:
        role = await session.row("diagnosis_abilities.role")
    assert role is not None
    assert role["may_cancel"]


async def test_questions_to_a_watched_database_are_measured_under_its_name(
    db: Database, settings: Settings, database_url: str
) -> None:
    db.recorder.drain()
    async with opened(watching(settings, database_url), db) as targets:
        own, other = targets.values()
        with asked_by("page database"):
            for each in (own, other):
                async with question(each) as session:
                    await session.rows("diagnosis_abilities.role")
    askers = {
        asker
        for (statement, asker) in db.recorder.drain().together
        if statement == "diagnosis_abilities.role"
    }
    assert askers == {"page database", f"watching {other.name}"}


async def test_a_watched_database_holds_no_connection_that_nobody_asked_for(
    db: Database, settings: Settings, database_url: str
) -> None:
    async with opened(watching(settings, database_url), db) as targets:
        other = list(targets.values())[1]
        assert other.db.pool_state().size == 0
        for _ in range(5):
            async with question(other):
                pass
        assert other.db.pool_state().size == 1


async def test_a_server_that_was_away_at_the_start_is_looked_at_when_it_comes(
    db: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target, "CHECK_SECONDS", 0.05)
    with folder_for_postgres() as folder:
        server = EmbeddedServer(folder)
        url = server.start()
        stop(server)
        async with opened(watching(settings, url), db) as targets:
            other = list(targets.values())[1]
            await until(lambda: other.db.down_reason is not None)
            await asyncio.to_thread(server.revive)
            await until(lambda: other.db.down_reason is None)
            assert (await abilities(other)).version // 10000 == 18
        server.stop()
