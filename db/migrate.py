"""Numbered SQL files, each applied once, in order, under an advisory lock, and remembered with its checksum.

The queue brings its own files (procrastinate's schema and, later, its migrations): they go through the same
table, under the name `procrastinate/FILE`.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import procrastinate
import psycopg
from psycopg import sql

from db.database import with_schema
from db.errors import MigrationError

FOLDER = Path(__file__).parent / "migrations"
QUEUE_FOLDER = Path(procrastinate.__file__).parent / "sql"
REWORDED = {  # checksums of files that said the same in words that PostgreSQL knows only from 16 on
    "0006_telemetry.sql": "74a5e57a78dd9258368c339f692a9396d1b5f972402b01e5c13590e4ed764d35",
}

_TABLE = """
CREATE TABLE IF NOT EXISTS migrations (
    name       text PRIMARY KEY,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file of statements; `runs` is false where a fresh database already has its effect."""

    name: str
    text: str
    runs: bool = True

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def own_migrations(folder: Path = FOLDER) -> Iterator[Migration]:
    """Subpulse's files in the order of their numbers.

    Raises:
        MigrationError: when two files share a number.
    """
    numbers: dict[str, str] = {}
    for path in sorted(folder.glob("*.sql")):
        number = path.name.partition("_")[0]
        if number in numbers:
            raise MigrationError(f"migrations {numbers[number]} and {path.name} share a number: renumber one")
        numbers[number] = path.name
        yield Migration(path.name, path.read_text())


def queue_migrations(fresh: bool) -> Iterator[Migration]:
    """procrastinate's: in a fresh database its whole schema, whose steps then count as done."""
    if fresh:
        yield Migration("procrastinate/schema.sql", (QUEUE_FOLDER / "schema.sql").read_text())
    for path in sorted((QUEUE_FOLDER / "migrations").glob("*.sql")):
        yield Migration(f"procrastinate/{path.name}", path.read_text(), runs=not fresh)


def migrate(conninfo: str, schema: str, folder: Path = FOLDER) -> list[str]:
    """Bring `schema` (made when absent) up to date; the names of the files applied now.

    Raises:
        MigrationError: a file that was applied has changed since, or one fails; nothing of it stays then.
        psycopg.OperationalError: no connection.
    """
    with psycopg.connect(with_schema(conninfo, schema), autocommit=True) as connection:
        if connection.info.server_version < 150000:
            raise MigrationError(
                f"PostgreSQL {connection.info.server_version // 10000} is too old: Subpulse needs 15 or newer"
            )
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"subpulse migrate {schema}"])
            connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
            connection.execute(_TABLE)
            applied: dict[str, str] = dict(
                connection.execute("SELECT name, checksum FROM migrations").fetchall()
            )
            fresh = not any(name.startswith("procrastinate/") for name in applied)
            done = _apply(connection, own_migrations(folder), applied)
            return done + _apply(connection, queue_migrations(fresh), applied, strict=False)


def _apply(
    connection: psycopg.Connection,
    migrations: Iterable[Migration],
    applied: dict[str, str],
    strict: bool = True,
) -> list[str]:
    done = []
    for migration in migrations:
        if migration.name in applied:
            if strict and applied[migration.name] not in (migration.checksum, REWORDED.get(migration.name)):
                raise MigrationError(
                    f"migration {migration.name} was changed after it was applied: "
                    "restore the file and put the change into a new one"
                )
            continue
        if migration.runs:
            _run(connection, migration)
            done.append(migration.name)
        connection.execute(
            "INSERT INTO migrations (name, checksum) VALUES (%s, %s)", [migration.name, migration.checksum]
        )
    return done


def _run(connection: psycopg.Connection, migration: Migration) -> None:
    try:
        connection.execute(migration.text.encode())
    except psycopg.Error as exc:
        raise MigrationError(f"migration {migration.name} failed: {exc}") from exc
