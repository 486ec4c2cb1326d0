"""SIGKILL at random moments of an import: nothing lost, nothing twice, neither in the table nor in the rejects."""

import asyncio
import os
import random
import signal
import time
from multiprocessing.context import ForkServerContext
from pathlib import Path

import orjson
from psycopg import sql

from collectors.dumps.opened import open_dump
from collectors.dumps.stretches import stretches
from db import posts
from db.database import Database
from db.measure import QueryRecorder
from jobs import importing
from jobs.importing import import_dump
from tests.collectors.dump_lines import joined, line, write
from tests.conftest import SCHEMA

KILLS = 50
LINES = 20_000
BATCH_LINES = 50
LONGEST_LIFE_SECONDS = 0.35
FIRST_ID = 1_000_000
SAID = ("id", "subreddit_id", "title", "text", "score", "created_at", "read_at", "author")


def bring_in(url: str, path: str, folder: str) -> None:
    """What a killed process does, in small batches."""
    importing.BATCH_LINES = BATCH_LINES

    async def work() -> None:
        db = Database(url, SCHEMA, QueryRecorder(slow_query_ms=1e9), pool_size=4)
        await db.open()
        try:
            await import_dump(db, open_dump(Path(path)), Path(folder), lambda *_: None)
        finally:
            await db.close()

    asyncio.run(work())


def made_file(folder: Path, number: int, chance: random.Random) -> Path:
    bad = [b"{cut", b"[]", line(1, title=None), b"", line(2, author=None, name="t1_comment")]
    first = FIRST_ID * (number + 1)
    content = [chance.choice(bad) if chance.random() < 0.1 else line(first + place) for place in range(LINES)]
    return write(folder / f"{number}{('.zst', '.gz', '.ndjson')[number % 3]}", joined(content))


def killed_until_done(
    start: ForkServerContext, url: str, path: Path, folder: Path, chance: random.Random
) -> int:
    """How often the import was killed before it came to its end."""
    kills = 0
    while True:
        process = start.Process(target=bring_in, args=(url, str(path), str(folder)))
        process.start()
        process.join(chance.uniform(0.1, LONGEST_LIFE_SECONDS))
        if process.exitcode is None:
            os.kill(process.pid, signal.SIGKILL)
            process.join()
        if process.exitcode != -signal.SIGKILL:
            assert process.exitcode == 0
            return kills
        kills += 1


async def test_nothing_is_lost_and_nothing_is_there_twice(
    db: Database, database_url: str, tmp_path: Path, forks: ForkServerContext
) -> None:
    chance = random.Random(20261123)
    rejects, kills, files = tmp_path / "rejects", 0, []
    began = time.monotonic()
    while kills < KILLS:
        files.append(made_file(tmp_path, len(files), chance))
        kills += await asyncio.to_thread(killed_until_done, forks, database_url, files[-1], rejects, chance)

    rows, rejected = [], {}
    for path in files:
        found = list(stretches(open_dump(path)))
        rows += [row for each in found for row in each.rows]
        rejected[path.name] = [
            {"position": each.position, "reason": each.reason, "line": each.line}
            for stretch in found
            for each in stretch.rejected
        ]
    async with db.connection() as connection:
        said = sql.SQL(", ").join(map(sql.Identifier, SAID))
        cursor = await connection.execute(sql.SQL("SELECT {} FROM posts ORDER BY id").format(said))
        stored = await cursor.fetchall()
        cursor = await connection.execute(
            "SELECT sum(lines), sum(stored), sum(new), count(finished_at), "
            "(SELECT value FROM totals WHERE name = 'posts') FROM imports"
        )
        counted = await cursor.fetchone()
    places = [posts.COLUMNS.index(name) for name in SAID]
    assert stored == sorted(tuple(row[place] for place in places) for row in rows)
    for path in files:
        (file,) = rejects.glob(f"{path.name}.*")
        assert [orjson.loads(each) for each in file.read_bytes().splitlines()] == rejected[path.name]
    bad = sum(map(len, rejected.values()))
    assert counted == (len(rows) + bad, len(rows), len(rows), len(files), len(rows))
    print(
        f"\n{kills} kills over {len(files)} files in {time.monotonic() - began:.0f} s: "
        f"{len(stored):,} posts and {bad:,} rejects, each once"
    )
