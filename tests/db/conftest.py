"""Our schema with rows in it, in which nothing is wrong: made once for each PostgreSQL, cloned per test."""

import uuid
from collections.abc import AsyncIterator, Callable, Iterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from benchmarks.filled import fill
from db import partitions
from db.database import Database, with_schema
from db.diagnosis import target
from db.diagnosis.target import Target
from db.measure import QueryRecorder
from db.migrate import migrate
from tests.conftest import SCHEMA

FILLED = "template_filled"


@pytest.fixture(scope="session")
def filled_on() -> Callable[[str], str]:
    """Name of a filled database on a PostgreSQL, to clone from."""
    made: set[str] = set()

    def filled(postgres: str) -> str:
        if postgres not in made:
            with psycopg.connect(postgres, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {FILLED}")
            conninfo = make_conninfo(postgres, dbname=FILLED)
            migrate(conninfo, SCHEMA)
            ours = with_schema(conninfo, SCHEMA)
            partitions.maintain(ours)
            with psycopg.connect(ours, autocommit=True) as connection:
                fill(connection)
            made.add(postgres)
        return FILLED

    return filled


def clone(postgres: str, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        yield make_conninfo(postgres, dbname=name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def filled_url(postgres: str, filled_on: Callable[[str], str]) -> Iterator[str]:
    """A filled database of the test's own."""
    yield from clone(postgres, filled_on(postgres))


@pytest.fixture
def any_filled_url(any_postgres: str, filled_on: Callable[[str], str]) -> Iterator[str]:
    """The same on each PostgreSQL in turn."""
    yield from clone(any_postgres, filled_on(any_postgres))


async def opened(conninfo: str) -> AsyncIterator[Target]:
    database = Database(conninfo, SCHEMA, QueryRecorder(slow_query_ms=1e6), pool_size=4)
    await database.open()
    yield target.own(database)
    await database.close()


@pytest.fixture
async def ours(filled_url: str) -> AsyncIterator[Target]:
    """Our own database with rows in it."""
    async for found in opened(filled_url):
        yield found


@pytest.fixture
async def any_ours(any_filled_url: str) -> AsyncIterator[Target]:
    """The same on each PostgreSQL in turn."""
    async for found in opened(any_filled_url):
        yield found
