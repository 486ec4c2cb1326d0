"""Whether advice on a database is right: planted problems that are found, and false advice where nothing is wrong.

Our own schema with rows in every table that grows (benchmarks/filled.sql), on the embedded server, which has neither
pg_stat_statements nor hypopg. First every statement of db/sql is looked at as it is; then indexes are dropped, and
statements of other clients join in that lack them.
"""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.database import SCHEMA, Bench, bench_database
from benchmarks.figure import Goal, Reading
from benchmarks.filled import fill
from benchmarks.lab import Lab
from db import partitions
from db.advice.advice import Advised
from db.advice.asked import Asked
from db.advice.missing import missing_indexes
from db.database import with_schema
from db.diagnosis import target
from db.diagnosis.abilities import abilities
from db.statements import statements

CALLS, SECONDS = 1_000, 0.1


@dataclass(frozen=True, slots=True)
class Planted:
    """A problem: what is dropped, which statement lacks it then, and the advice that is right."""

    dropped: str | None
    text: str | None
    """None where statements of our own lack it"""
    table: str
    columns: tuple[str, ...]


PLANTED = (
    Planted(
        "instagram_posts_by_timestamp",
        "SELECT id FROM instagram_posts ORDER BY timestamp DESC LIMIT $1",
        "instagram_posts",
        ("timestamp descending",),
    ),
    Planted("instagram_posts_by_account", None, "instagram_posts", ("username", "timestamp descending")),
    Planted(
        "posts_by_subreddit",
        "SELECT count(*) FROM subreddits JOIN posts ON subreddit_id = subreddits.id WHERE lower(name) = lower($1)",
        "posts",
        ("subreddit_id",),
    ),
    Planted(
        "posts_by_created",
        "SELECT id, title FROM posts ORDER BY created_at DESC LIMIT $1",
        "posts",
        ("created_at descending",),
    ),
    Planted(
        "categorizations_by_subreddit",
        "SELECT category FROM categorizations WHERE subreddit_id = $1 ORDER BY decided_at DESC LIMIT 1",
        "categorizations",
        ("subreddit_id",),
    ),
    Planted(None, "SELECT id FROM posts WHERE author = $1 AND domain = $2", "posts", ("author",)),
    Planted(
        None,
        "SELECT route FROM slow_requests ORDER BY seconds DESC LIMIT 20",
        "slow_requests",
        ("seconds descending",),
    ),
)


def run(lab: Lab) -> list[Reading]:
    with bench_database(lab) as bench:
        partitions.maintain(with_schema(bench.conninfo, SCHEMA))
        with bench.connect() as connection:
            fill(connection)
        served = {one.text for one in PLANTED if one.text is not None and one.dropped is not None}
        clean, seconds = asyncio.run(_asked(bench, served))
        with bench.connect() as connection:
            for one in PLANTED:
                if one.dropped is not None:
                    connection.execute(f"DROP INDEX {one.dropped}")
        advised, _ = asyncio.run(_asked(bench, {one.text for one in PLANTED if one.text is not None}))
    found = {(one.definition.table, one.columns) for one in advised.advice}
    missed = [one.columns for one in PLANTED if (one.table, one.columns) not in found]
    raw = {"planted": len(PLANTED), "missed": missed, "found": sorted(found)}
    return [
        Reading(
            "Planted problems found",
            100 * (1 - len(missed) / len(PLANTED)),
            "%",
            Goal(100, at_least=True),
            raw,
        ),
        Reading(
            "False advice on the clean database",
            len(clean.advice),
            "",
            Goal(0),
            {"statements": clean.explained, "advice": [one.sql for one in clean.advice]},
        ),
        Reading("Time to look at a statement", 1e3 * seconds / clean.explained, "ms"),
    ]


async def _asked(bench: Bench, others: Iterable[str]) -> tuple[Advised, float]:
    """(what is advised for our own statements and those of other clients, seconds that it took)."""
    texts = {**statements(), **{text: text for text in others}}
    database = bench.database()
    await database.open()
    try:
        ours = target.own(database)
        able = await abilities(ours)
        began = time.perf_counter()
        asked = [Asked(name, text, CALLS, CALLS * SECONDS, SECONDS) for name, text in texts.items()]
        return await missing_indexes(ours, asked, able), time.perf_counter() - began
    finally:
        await database.close()
