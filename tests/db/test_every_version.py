"""What is written for our own database is understood by every PostgreSQL that it may be."""

import re

import psycopg
from psycopg._queries import PostgresQuery
from psycopg.adapt import Transformer
from psycopg.pq import ExecStatus

from db import migrate, partitions
from db.database import with_schema
from db.statements import statements
from tests.conftest import SCHEMA

BY_VERSION = {"diagnosis_health.checkpoints", "diagnosis_health.checkpoints_before_17"}
BY_EXTENSION = {"advice.hypothetical", "advice.forget_hypothetical"}
PACKED = "SELECT count(*), min(attstorage), max(attstorage) FROM pg_attribute WHERE attname = 'packed'"


def refused(conninfo: str) -> set[str]:
    """Names of the statements that a server does not understand as they stand.

    Some of them no server does: they want a temporary table, or the types that values bring along.
    """
    found = set()
    with psycopg.connect(with_schema(conninfo, SCHEMA), autocommit=True) as connection:
        for name, text in statements().items():
            query = PostgresQuery(Transformer(connection))
            query.convert(text, dict.fromkeys(re.findall(r"%\((\w+)\)s", text)))
            if connection.pgconn.prepare(b"", query.query).status != ExecStatus.COMMAND_OK:
                found.add(name)
    return found


def test_every_postgresql_takes_our_schema_and_understands_our_statements(
    any_database: str, database_url: str
) -> None:
    migrate.migrate(any_database, SCHEMA)
    partitions.maintain(with_schema(any_database, SCHEMA))
    assert refused(any_database) ^ refused(database_url) <= BY_VERSION | BY_EXTENSION
    with psycopg.connect(any_database) as connection:
        count, least, most = connection.execute(PACKED).fetchone() or (0, "", "")
    assert count > 20
    assert least == most == "e", "blocks are packed already"


def test_a_file_in_other_words_is_taken_for_the_one_that_was_applied(database_url: str) -> None:
    for checksum, name in migrate.SAME_AS.items():
        with psycopg.connect(with_schema(database_url, SCHEMA)) as connection:
            changed = connection.execute(
                "UPDATE migrations SET checksum = %s WHERE name = %s AND checksum <> %s",
                [checksum, name, checksum],
            )
            assert changed.rowcount == 1
    assert migrate.migrate(database_url, SCHEMA) == []
