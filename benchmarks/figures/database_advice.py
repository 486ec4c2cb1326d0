"""Whether what is said of a database is right: problems that are found, and false advice where there are none.

Our own schema with rows in every table that grows (benchmarks/filled.sql), on the embedded server, which has neither
pg_stat_statements nor hypopg. First it is looked at as it is, with every statement of db/sql; then everything of
benchmarks/planted.py is wrong at once: indexes that are missing, statements of other clients that lack them, indexes
that only cost, a blocked statement, an idle transaction, rows that vacuum and ANALYZE left alone.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.database import SCHEMA, Bench, bench_database
from benchmarks.figure import Goal, Reading
from benchmarks.filled import fill
from benchmarks.lab import Lab
from benchmarks.planted import FOUND, MISSING, planted, told
from db import partitions
from db.advice.advice import Advised
from db.advice.asked import Asked
from db.advice.missing import missing_indexes
from db.database import with_schema
from db.diagnosis import target
from db.diagnosis.abilities import abilities
from db.diagnosis.finding import Finding
from db.diagnosis.findings import findings
from db.statements import statements

CALLS, SECONDS = 1_000, 0.1


@dataclass(frozen=True, slots=True)
class Said:
    """All that is said of a database, and how long looking at the statements took."""

    advised: Advised
    findings: Sequence[Finding]
    seconds: float

    @property
    def in_words(self) -> list[str]:
        advice = [f"{one.definition.table} ({', '.join(one.columns)})" for one in self.advised.advice]
        return advice + [f"{one.title}: {one.sentence}" for one in self.findings]


def run(lab: Lab) -> list[Reading]:
    with bench_database(lab) as bench:
        conninfo = with_schema(bench.conninfo, SCHEMA)
        partitions.maintain(conninfo)
        with bench.connect() as connection:
            fill(connection)
        served = {one.text for one in MISSING if one.text is not None and one.dropped is not None}
        clean = asyncio.run(_said(bench, served))
        ill = asyncio.run(_said_of_ill(bench, conninfo))
    there = {(one.definition.table, one.columns) for one in ill.advised.advice}
    missed = [f"{one.table} {one.columns}" for one in MISSING if (one.table, one.columns) not in there]
    missed += [f"{title}: {what}" for title, what in FOUND if (title, what) not in told(ill.findings)]
    count = len(MISSING) + len(FOUND)
    return [
        Reading(
            "Planted problems found",
            100 * (1 - len(missed) / count),
            "%",
            Goal(100, at_least=True),
            {"planted": count, "missed": missed, "said": ill.in_words},
        ),
        Reading(
            "False advice on the clean database",
            len(clean.in_words),
            "",
            Goal(0),
            {"statements": clean.advised.explained, "said": clean.in_words},
        ),
        Reading("Time to look at a statement", 1e3 * clean.seconds / clean.advised.explained, "ms"),
    ]


async def _said_of_ill(bench: Bench, conninfo: str) -> Said:
    async with planted(conninfo):
        return await _said(bench, {one.text for one in MISSING if one.text is not None})


async def _said(bench: Bench, others: Iterable[str]) -> Said:
    """What is found, and advised for our own statements and those of other clients."""
    texts = {**statements(), **{text: text for text in others}}
    database = bench.database()
    await database.open()
    try:
        ours = target.own(database)
        found = await findings(ours, database)
        able = await abilities(ours)
        began = time.perf_counter()
        asked = [Asked(name, text, CALLS, CALLS * SECONDS, SECONDS) for name, text in texts.items()]
        advised = await missing_indexes(ours, asked, able)
        return Said(advised, found, time.perf_counter() - began)
    finally:
        await database.close()
