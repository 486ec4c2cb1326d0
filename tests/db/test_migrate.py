import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from db.errors import MigrationError
from db.migrate import migrate


@pytest.fixture
def empty(postgres: str) -> Iterator[str]:
    name = f"empty_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield make_conninfo(postgres, dbname=name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_first.sql").write_text("CREATE TABLE first (n integer); CREATE TABLE also (n integer);")
    return tmp_path


def test_an_empty_database_gets_everything_and_a_second_time_nothing(empty: str) -> None:
    assert "procrastinate/schema.sql" in migrate(empty, "subpulse_sandbox")
    assert migrate(empty, "subpulse_sandbox") == []


def test_two_sources_live_in_two_schemas_of_one_database(empty: str) -> None:
    assert migrate(empty, "subpulse_sandbox")
    assert migrate(empty, "subpulse_reddit")


def test_a_new_file_is_applied_on_top(empty: str, folder: Path) -> None:
    migrate(empty, "s", folder)
    (folder / "0002_second.sql").write_text("ALTER TABLE first ADD COLUMN m integer;")
    assert migrate(empty, "s", folder) == ["0002_second.sql"]


def test_a_changed_old_file_is_a_clear_error(empty: str, folder: Path) -> None:
    migrate(empty, "s", folder)
    (folder / "0001_first.sql").write_text("CREATE TABLE first (n bigint);")
    with pytest.raises(MigrationError, match=r"0001_first\.sql was changed after it was applied: restore"):
        migrate(empty, "s", folder)


def test_of_a_failing_file_nothing_stays(empty: str, folder: Path) -> None:
    (folder / "0002_second.sql").write_text("CREATE TABLE second (n integer); SELECT nonsense;")
    with pytest.raises(MigrationError, match=r"0002_second\.sql failed"):
        migrate(empty, "s", folder)
    with psycopg.connect(empty) as connection:
        assert connection.execute("SELECT to_regclass('s.first'), to_regclass('s.second')").fetchone() == (
            None,
            None,
        )


def test_two_files_with_one_number_are_refused(empty: str, folder: Path) -> None:
    (folder / "0001_again.sql").write_text("SELECT 1;")
    with pytest.raises(MigrationError, match="share a number"):
        migrate(empty, "s", folder)
