import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from db import partitions
from db.database import with_schema
from db.errors import MigrationError
from db.migrate import FOLDER, REWORDED, migrate


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


def test_what_the_version_before_measured_of_statements_is_not_carried_over(
    empty: str, tmp_path: Path
) -> None:
    for path in FOLDER.glob("*.sql"):
        if path.name < "0010":
            shutil.copy(path, tmp_path)
    migrate(empty, "s", tmp_path)
    with psycopg.connect(with_schema(empty, "s"), autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE query_stats_old PARTITION OF query_stats FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')"
        )
        connection.execute(
            "INSERT INTO query_stats VALUES ('2026-11-01', 10, 'me', 'runs.start', 'me', 1, 1, 1, 1, '')"
        )
        connection.execute("INSERT INTO rounds (name, position) VALUES ('posts', 't3_1')")
        assert "0010_statements.sql" in migrate(empty, "s")
        gone = connection.execute(
            "SELECT to_regclass('query_stats'), to_regclass('query_stats_old')"
        ).fetchone()
        assert gone == (None, None)
        assert partitions.ensure(connection) > 0
        connection.execute("INSERT INTO statement_times_live VALUES (now(), 'me', '')")
        assert connection.execute("SELECT count(*) FROM slow_queries").fetchone() == (0,)
        assert connection.execute("SELECT position FROM rounds").fetchone() == ("t3_1",), "the rest stays"


def test_a_file_that_was_only_reworded_holds_up_no_upgrade(empty: str) -> None:
    migrate(empty, "s")
    with psycopg.connect(with_schema(empty, "s"), autocommit=True) as connection:
        for name, checksum in REWORDED.items():
            connection.execute("UPDATE migrations SET checksum = %s WHERE name = %s", [checksum, name])
    assert migrate(empty, "s") == []
