"""Our schema with rows in every table that grows, in which nothing is wrong: for whoever looks for what is."""

from pathlib import Path

import psycopg

ROWS = Path(__file__).with_suffix(".sql")


def fill(connection: "psycopg.Connection[tuple[object, ...]]") -> None:
    """Rows for a schema that is migrated and has its partitions, then what autovacuum would do some time later."""
    connection.execute(ROWS.read_bytes())
    connection.execute("VACUUM ANALYZE")
