"""How fast posts are written: our merge of a million against psql's \\copy of the same, and against row by row.

All into tables with the same columns, indexes and foreign key, on the embedded PostgreSQL with its own settings,
durable. The merge takes batches of 10,000 through `db.posts.merge_rows`, each committed; making the rows is not
timed, turning them into what COPY takes is. psql copies a text file that exists. Rounds alternate.
"""

import asyncio
import time
from collections.abc import Callable

from psycopg import sql

from benchmarks.corpus import rows
from benchmarks.database import Bench, bench_database, in_batches
from benchmarks.figure import Goal, Reading
from benchmarks.lab import Lab
from benchmarks.summary import median
from db import posts
from db.posts import COLUMNS, Row

POSTS, QUICK_POSTS = 1_000_000, 100_000
ROUNDS = 3
BATCH = 10_000
SINGLE_ROWS = 3_000
SCORE, COMMENTS = COLUMNS.index("score"), COLUMNS.index("num_comments")
ONE_IS_NEW_OF = 10  # in the figure with 90 % there


def run(lab: Lab) -> list[Reading]:
    count, rounds = (QUICK_POSTS, 1) if lab.quick else (POSTS, ROUNDS)
    with bench_database(lab) as bench:
        file = bench.folder / "posts.tsv"
        bench.begin_anew()
        asyncio.run(_merge(bench, count, BATCH, _as_it_is))
        bench.to_file(file)
        copied, merged, known = [], [], []
        for _ in range(rounds):
            copied.append(count / bench.psql_copy(file))
            bench.begin_anew()
            merged.append(count / asyncio.run(_merge(bench, count, BATCH, _as_it_is)))
            copied.append(count / bench.psql_copy(file))
            _lose_every_tenth(bench)
            known.append(count / asyncio.run(_merge(bench, count, BATCH, _grown)))
        unchanged = count / asyncio.run(_merge(bench, count, BATCH, _grown))
        bench.begin_anew()
        singly = _one_by_one(bench)
        bench.begin_anew()
        small = (count // 10) / asyncio.run(_merge(bench, count // 10, 1_000, _as_it_is))
        file.unlink()
    raw = {"copied_rows_s": copied, "merged_rows_s": merged, "one_by_one_rows_s": singly}
    return [
        Reading("Merge of posts against one execute per row", median(merged) / singly, "×", Goal(100, True)),
        Reading(
            "Merge of posts against psql \\copy", median(merged) / median(copied), "×", Goal(0.7, True), raw
        ),
        Reading(
            "The same, 90 % there with new scores",
            median(known) / median(copied),
            "×",
            Goal(0.6, True),
            {"merged_rows_s": known},
        ),
        Reading("The same batch again", unchanged / median(copied), "×"),
        Reading("Merge in batches of 1,000", small / median(copied), "×"),
    ]


def _as_it_is(row: Row) -> Row:
    return row


def _grown(row: Row) -> Row:
    """The post as it was read a little later."""
    grown = list(row)
    grown[SCORE] += 1
    grown[COMMENTS] += 1
    return tuple(grown)


async def _merge(bench: Bench, count: int, batch_size: int, as_read: Callable[[Row], Row]) -> float:
    """Seconds to merge so many posts."""
    database, seconds = bench.database(), 0.0
    await database.open()
    try:
        for batch in in_batches(map(as_read, rows(count)), batch_size):
            began = time.perf_counter()
            async with database.transaction() as session:
                await posts.merge_rows(session, batch)
            seconds += time.perf_counter() - began
    finally:
        await database.close()
    return seconds


def _lose_every_tenth(bench: Bench) -> None:
    with bench.connect() as connection:
        connection.execute(
            "DELETE FROM posts WHERE id IN (SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n"
            " FROM posts) AS numbered WHERE n %% %s = 0)",
            (ONE_IS_NEW_OF,),
        )
        bench.settle(connection)


def _one_by_one(bench: Bench) -> float:
    """Rows a second of one prepared upsert and commit each."""
    statement = sql.SQL(
        "INSERT INTO posts ({}) VALUES ({}) ON CONFLICT (id) DO UPDATE"
        " SET score = excluded.score, num_comments = excluded.num_comments"
    ).format(
        sql.SQL(", ").join(map(sql.Identifier, COLUMNS)),
        sql.SQL(", ").join([sql.Placeholder()] * len(COLUMNS)),
    )
    made = [(*row[:-1], row[COLUMNS.index("created_at")]) for row in rows(SINGLE_ROWS)]
    with bench.connect() as connection:
        began = time.perf_counter()
        for row in made:
            connection.execute(statement, row, prepare=True)
        return SINGLE_ROWS / (time.perf_counter() - began)
