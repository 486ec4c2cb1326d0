"""A collection of a million communities for the API to be asked for, and the process on it with its jobs paused."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
from psycopg import sql

from benchmarks.corpus import WORDS
from benchmarks.figures.quiet import PAUSE, SCHEMA
from benchmarks.lab import Lab
from categorization.taxonomy import load_taxonomy
from db.database import with_schema
from db.embedded import EmbeddedServer
from db.migrate import migrate
from jobs.schedule import JOBS

COMMUNITIES, QUICK_COMMUNITIES = 1_000_000, 100_000
TEXTS = 4_000
COLUMNS = (
    "id", "name", "title", "description", "over18", "subscribers", "quarantine", "lang", "created_at", "category",
    "category_confidence", "category_method", "category_version", "refreshed_at", "next_due_at", "posts_due_at",
)  # fmt: skip
NOW = datetime.now(UTC)
LATER = NOW + timedelta(days=30)
CATEGORIES: Sequence[str] = [one.name for one in load_taxonomy().categories]
Row = tuple[object, ...]


@contextmanager
def a_million(lab: Lab) -> Iterator[tuple[Lab, str]]:
    """(a lab whose data folder holds them, where its PostgreSQL listens); nothing of it is due to be collected."""
    folder = lab.folder / "million"
    folder.mkdir(mode=0o755)
    inner = Lab(folder, lab.quick)
    server = EmbeddedServer(inner.data_dir)
    conninfo = server.start()
    try:
        migrate(conninfo, SCHEMA)
        with psycopg.connect(with_schema(conninfo, SCHEMA), autocommit=True) as connection:
            _fill(connection, QUICK_COMMUNITIES if lab.quick else COMMUNITIES)
            for name in (*(job.name for job in JOBS), "probe_self"):
                connection.execute(PAUSE, {"job": name, "paused": True})
        yield inner, conninfo
    finally:
        server.stop()


def _fill(connection: "psycopg.Connection[tuple[object, ...]]", count: int) -> None:
    """COPY them, with the indexes built afterwards, as fast as both can be had."""
    indexes = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()"
        " AND tablename = 'subreddits' AND indexname <> 'subreddits_pkey'"
    ).fetchall()
    for name, _ in indexes:
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(str(name))))
    into = sql.SQL("COPY subreddits ({}) FROM STDIN").format(sql.SQL(", ").join(map(sql.Identifier, COLUMNS)))
    with connection.cursor() as cursor, cursor.copy(into) as copy:
        for row in _rows(count):
            copy.write_row(row)
    for _, definition in indexes:
        connection.execute(str(definition).encode())
    connection.execute("UPDATE totals SET value = %s WHERE name = 'subreddits'", [count])
    connection.execute("VACUUM ANALYZE subreddits")
    connection.execute("CHECKPOINT")


def _rows(count: int, seed: int = 1) -> Iterator[Row]:
    chance = random.Random(seed)
    titles = [" ".join(chance.choices(WORDS, k=5)) for _ in range(TEXTS)]
    descriptions = [" ".join(chance.choices(WORDS, k=chance.randrange(5, 50))) for _ in range(TEXTS)]
    for n in range(count):
        yield (
            f"t5_{n:07}", f"Community{n}", titles[n % TEXTS], descriptions[n * 7 % TEXTS], n % 11 == 0,
            int(chance.lognormvariate(7, 2.5)), False, "en", NOW, CATEGORIES[n % len(CATEGORIES)],
            0.87, "words", "bench", NOW, LATER, LATER,
        )  # fmt: skip
