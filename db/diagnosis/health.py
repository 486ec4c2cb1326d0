"""How a database fares since counting began: its cache, temporary files, deadlocks, connections and checkpoints."""

import math
from dataclasses import dataclass
from datetime import datetime

from db.diagnosis.abilities import answered
from db.diagnosis.finding import Finding
from db.diagnosis.target import Target, question
from db.diagnosis.words import counted, duration, size

CACHE_HIT_PERCENT = 99.0  # PgHero's cache_hit_rate_threshold
CACHE_LEAST_BLOCKS = 100_000
TEMP_BYTES_AN_HOUR = 2**30
DEADLOCKS_A_DAY = 5.0
CONNECTIONS_PERCENT = 80.0
TOO_MANY_CONNECTIONS_PERCENT = 95.0
CHECKPOINTS_LEAST = 20
CHECKPOINTS_WAL_SHARE = 0.3  # of max_wal_size; PostgreSQL begins one at about half of it
GIB = 2**30
HOUR_SECONDS, DAY_SECONDS = 3600.0, 86_400.0
CHECKPOINTER_SINCE = 170_000
"""the first version with pg_stat_checkpointer"""


@dataclass(frozen=True, slots=True)
class Counters:
    """What a database has counted `since` then, for so many `seconds`; both None where PostgreSQL does not say.

    Attributes:
        bytes: of the database.
        connections: of clients to the whole server, and `most_connections` those it has for all but superusers.
    """

    blocks_hit: int
    blocks_read: int
    temp_files: int
    temp_bytes: int
    deadlocks: int
    since: datetime | None
    seconds: float | None
    bytes: int
    connections: int
    most_connections: int

    @property
    def hit_percent(self) -> float | None:
        """Of the blocks asked for, those found in shared_buffers."""
        asked = self.blocks_hit + self.blocks_read
        return 100 * self.blocks_hit / asked if asked else None

    @property
    def misses_much(self) -> bool:
        """Whether fewer than CACHE_HIT_PERCENT were found, of enough of them to say so."""
        asked = self.blocks_hit + self.blocks_read
        return asked >= CACHE_LEAST_BLOCKS and (self.hit_percent or 0) < CACHE_HIT_PERCENT


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """How often PostgreSQL wrote everything to disk: on time, and asked for, mostly because WAL had filled up."""

    on_time: int
    asked_for: int
    seconds: float | None
    wal_bytes_a_second: float | None
    timeout_seconds: float
    most_wal_bytes: int


@answered
async def counters(target: Target) -> Counters:
    """What this database has counted."""
    async with question(target) as session:
        row = await session.row("diagnosis_health.counters")
    assert row is not None
    return Counters(**row)


@answered
async def checkpoints(target: Target) -> Checkpoints:
    """How often there were checkpoints, and why."""
    async with question(target) as session:
        is_new = session.connection.info.server_version >= CHECKPOINTER_SINCE
        name = "diagnosis_health.checkpoints" if is_new else "diagnosis_health.checkpoints_before_17"
        row = await session.row(name)
    assert row is not None
    return Checkpoints(**row)


def judged(found: Counters) -> list[Finding]:
    """What is wrong with what was counted."""
    judgements = (_cache(found), _temp_files(found), _deadlocks(found), _connections(found))
    return [one for one in judgements if one is not None]


def _cache(found: Counters) -> Finding | None:
    if not found.misses_much:
        return None
    return Finding(
        "watch",
        "Cache hit rate",
        f"Of the blocks asked for, {found.hit_percent:.1f} % were found in shared_buffers, fewer than "
        f"{CACHE_HIT_PERCENT:.0f} %; the others came from the operating system's cache or from disk.",
    )


def _temp_files(found: Counters) -> Finding | None:
    if found.seconds is None or found.temp_bytes / max(found.seconds, HOUR_SECONDS) < (
        TEMP_BYTES_AN_HOUR / HOUR_SECONDS
    ):
        return None
    return Finding(
        "watch",
        "Temporary files",
        f"In {duration(found.seconds)} sorts and hashes wrote {size(found.temp_bytes)} to "
        f"{counted(found.temp_files, 'file', 'files')} because work_mem was too small for them; more than "
        f"{size(TEMP_BYTES_AN_HOUR)} an hour is much.",
    )


def _deadlocks(found: Counters) -> Finding | None:
    if found.seconds is None or found.deadlocks / max(found.seconds / DAY_SECONDS, 1) < DEADLOCKS_A_DAY:
        return None
    return Finding(
        "watch",
        "Deadlocks",
        f"{counted(found.deadlocks, 'deadlock', 'deadlocks')} in {duration(found.seconds)}: transactions that take "
        f"the same locks in another order. {DEADLOCKS_A_DAY:.0f} a day are much; PostgreSQL's log names them.",
    )


def _connections(found: Counters) -> Finding | None:
    percent = 100 * found.connections / max(found.most_connections, 1)
    if percent < CONNECTIONS_PERCENT:
        return None
    return Finding(
        "bad" if percent >= TOO_MANY_CONNECTIONS_PERCENT else "watch",
        "Connections",
        f"{found.connections} of {found.most_connections} connections are taken, {percent:.0f} %; at "
        f"{CONNECTIONS_PERCENT:.0f} % it is time for a pooler or a larger max_connections.",
    )


def judged_checkpoints(found: Checkpoints) -> list[Finding]:
    """Whether there are too many because max_wal_size is too small for what is written.

    That a checkpoint was asked for does not say why (a dropped database asks for one too), so the WAL has to be
    enough to have filled up.
    """
    count = found.on_time + found.asked_for
    if not found.seconds or found.wal_bytes_a_second is None or count < CHECKPOINTS_LEAST:
        return []
    every = found.seconds / count
    between = found.wal_bytes_a_second * every
    if (
        every >= found.timeout_seconds / 2
        or found.asked_for <= found.on_time
        or between < CHECKPOINTS_WAL_SHARE * found.most_wal_bytes
    ):
        return []
    enough = math.ceil(2 * found.wal_bytes_a_second * found.timeout_seconds / GIB)
    return [
        Finding(
            "watch",
            "Checkpoints",
            f"There is a checkpoint every {duration(every)} instead of every {duration(found.timeout_seconds)}, "
            f"because {size(found.wal_bytes_a_second * HOUR_SECONDS)} of WAL an hour fill max_wal_size of "
            f"{size(found.most_wal_bytes)}; after each, every page is written whole once more.",
            f"ALTER SYSTEM SET max_wal_size = '{enough}GB'; SELECT pg_reload_conf()",
            f"ALTER SYSTEM SET max_wal_size = '{found.most_wal_bytes // 2**20}MB'; SELECT pg_reload_conf()",
        )
    ]
