"""The real PostgreSQL: one embedded server and one migrated template per session, a clone per test."""

import multiprocessing
import shutil
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerContext
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from categorization.classify import Classifier
from categorization.taxonomy import load_taxonomy
from db import partitions
from db.database import Database, with_schema
from db.embedded import EmbeddedServer
from db.measure import QueryRecorder
from db.migrate import migrate
from settings import Settings

pytest_plugins = ["tests.servers"]

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"
SCHEMA = "subpulse_sandbox"
MEMORY_DISK = Path("/dev/shm")
MEMORY_DISK_ROOM_BYTES = 4 * 2**30


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real answers and records, read in place."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no recorded answers at {SHARED_DATA}; they are not part of the project")
    return SHARED_DATA


@contextmanager
def folder_for_postgres() -> Iterator[Path]:
    """A folder that PostgreSQL's own user can reach; pytest closes its own to all but ours."""
    with TemporaryDirectory(
        prefix="subpulse-test-", dir=disk_in_memory(), ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


def disk_in_memory() -> Path | None:
    """Where there is one with room: hundreds of databases are cloned there in a tenth of the time."""
    has_room = MEMORY_DISK.is_dir() and shutil.disk_usage(MEMORY_DISK).free > MEMORY_DISK_ROOM_BYTES
    return MEMORY_DISK if has_room else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Connection string of a real PostgreSQL that ends with the session."""
    with folder_for_postgres() as folder:
        server = EmbeddedServer(folder)
        conninfo = server.start()
        _without_care_for_a_crash(conninfo)
        yield conninfo
        server.stop()


def _without_care_for_a_crash(conninfo: str) -> None:
    """Nothing in tests has to outlive one, and a database is cloned in a quarter of the time."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for name in ("fsync", "full_page_writes", "wal_init_zero", "synchronous_commit"):
            connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(name)))
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def template(postgres: str) -> str:
    """Name of a migrated database to clone from."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("CREATE DATABASE template_subpulse")
    conninfo = make_conninfo(postgres, dbname="template_subpulse")
    migrate(conninfo, SCHEMA)
    partitions.maintain(with_schema(conninfo, SCHEMA))
    return "template_subpulse"


@pytest.fixture
def database_url(postgres: str, template: str) -> Iterator[str]:
    """A migrated database of the test's own."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield make_conninfo(postgres, dbname=name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def recorder() -> QueryRecorder:
    return QueryRecorder(slow_query_ms=100)


@pytest.fixture
async def db(database_url: str, recorder: QueryRecorder) -> AsyncIterator[Database]:
    """An open pool on the test's own database."""
    database = Database(database_url, SCHEMA, recorder, pool_size=4)
    await database.open()
    yield database
    await database.close()


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    return Classifier(load_taxonomy())


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Defaults, whatever the environment says, and a sandbox that makes no mistakes and takes no time."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return Settings(sandbox_error_rate=0, sandbox_latency_ms=0, allowed_origins=("https://wall.example.org",))


@pytest.fixture
def forks(monkeypatch: pytest.MonkeyPatch) -> ForkServerContext:
    """Processes that start in a moment, with what they need imported already."""
    # A test of a page leaves the dashboard's script behind as the main module, which each child would run.
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["jobs.importing", "tests.jobs.scraper"])
    return context
