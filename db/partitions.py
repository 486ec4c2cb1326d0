"""Partitions of time: made ahead, dropped when too old. Nothing of telemetry is ever deleted by row."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
from psycopg import sql

from db.levels import LEVELS

AHEAD = timedelta(hours=6)
BACK = timedelta(hours=1)
KEEP_FRESH = timedelta(days=7)  # what a roll-up that failed for days may still need
NAMES = "SELECT relid::regclass::text FROM pg_partition_tree(%s::regclass) WHERE level = 1"


@dataclass(frozen=True, slots=True)
class Partitioned:
    """A table `PARTITION BY RANGE (at)`, a partition for each `span`, counted from 1970, kept for `keep`."""

    table: str
    span: timedelta
    keep: timedelta

    def begins(self, since: datetime, until: datetime) -> Iterator[datetime]:
        """Where the partitions begin that hold a range."""
        span = self.span.total_seconds()
        at = since.timestamp() // span * span
        while at < until.timestamp():
            yield datetime.fromtimestamp(at, UTC)
            at += span

    def name(self, begin: datetime) -> str:
        return f"{self.table}_{begin:%Y%m%d%H}"

    def begin(self, name: str) -> datetime:
        """The other way round."""
        return datetime.strptime(name.rpartition("_")[2], "%Y%m%d%H").replace(tzinfo=UTC)


def _levels(family: str) -> Iterator[Partitioned]:
    """Some ten partitions a level: one each for an hour would make planning dearer than reading."""
    for level in LEVELS:
        span = max(level.keep // 10 // level.row, 1) * level.row
        yield Partitioned(f"{family}_{level.name}", timedelta(seconds=span), timedelta(seconds=level.keep))


HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PARTITIONED = (
    Partitioned("latency_live", HOUR, KEEP_FRESH),
    *_levels("latency"),
    Partitioned("samples_live", HOUR, KEEP_FRESH),
    *_levels("samples"),
    Partitioned("query_stats", DAY, 14 * DAY),
    Partitioned("slow_queries", DAY, 30 * DAY),
    Partitioned("slow_requests", DAY, 7 * DAY),
    Partitioned("relation_sizes", 30 * DAY, 400 * DAY),
)
LIVE = ("latency_live", "samples_live")


def ensure(connection: "psycopg.Connection[tuple[object, ...]]", since: datetime | None = None) -> int:
    """Make what is missing of the partitions from `since` (an hour ago) to six hours ahead; how many were made.

    None is made for what would not be kept. Each is made apart and then attached, which holds up no reader and
    no writer.
    """
    now = datetime.now(UTC)
    made = 0
    for each in PARTITIONED:
        there = _names(connection, each.table)
        for begin in each.begins(max(since or now - BACK, now - each.keep), now + max(AHEAD, each.span)):
            if each.name(begin) not in there:
                _make(connection, each, begin)
                made += 1
    return made


def _make(connection: "psycopg.Connection[tuple[object, ...]]", each: Partitioned, begin: datetime) -> None:
    name, parent = sql.Identifier(each.name(begin)), sql.Identifier(each.table)
    with connection.transaction():
        connection.execute(
            sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING DEFAULTS INCLUDING STORAGE)").format(name, parent)
        )
        connection.execute(
            sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
                parent, name, sql.Literal(begin), sql.Literal(begin + each.span)
            )
        )


def drop_old(connection: "psycopg.Connection[tuple[object, ...]]", rolled_up: datetime) -> int:
    """Drop what nobody asks for any more; how many partitions that were.

    Args:
        rolled_up: until where the fresh intervals are in the levels too; an hour later they are not needed.
    """
    now, dropped = datetime.now(UTC), 0
    for each in PARTITIONED:
        limit = now - each.keep
        if each.table in LIVE:
            limit = max(limit, rolled_up - HOUR)
        for name in _names(connection, each.table):
            if each.begin(name) + each.span <= limit:
                with connection.transaction():
                    connection.execute("SET LOCAL lock_timeout = '2s'")  # next hour is soon enough
                    connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
                dropped += 1
    return dropped


def _names(connection: "psycopg.Connection[tuple[object, ...]]", table: str) -> set[str]:
    return {str(name).strip('"') for (name,) in connection.execute(NAMES, [table]).fetchall()}


def maintain(conninfo: str) -> int:
    """Make what is missing and drop what is too old, on a connection of its own; how many partitions changed.

    Two processes may do so at once: the second waits for the first.
    """
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext('subpulse partitions ' || current_schema()))")
        rolled_up = connection.execute("SELECT until FROM rolled_up").fetchone()
        made = ensure(connection)
        return made + (drop_old(connection, rolled_up[0]) if rolled_up else 0)
