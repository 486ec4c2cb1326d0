"""Fifty SIGKILLs in the middle of a scrape: nothing is lost, and nothing is there twice."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerContext
from typing import Any

import psycopg
import pytest
import uvicorn
from psycopg import sql

from collectors.records import Subreddit
from collectors.sandbox import sandbox_app
from collectors.sandbox.world import world
from db.database import Database
from db.measure import QueryRecorder
from tests.conftest import SCHEMA
from tests.factories import subreddit
from tests.jobs.scraper import scrape
from tests.stored import keep

SEED = 20260
KILLS = 50
LONGEST_LIFE_SECONDS = 0.3
KNOWN_BEFORE = 220
YESTERDAYS_SUBSCRIBERS = 1200
DONE_WITHIN_SECONDS = 40
# A day is collected the first time; what is older may be there or not, as pages fall, and the day goes on meanwhile.
A_DAY = 24 * 3600 - 180

COMMUNITIES = """
    SELECT id, name, title, description, type, over18, subscribers, quarantine, lang, created_at, state, state_reason
    FROM subreddits ORDER BY id
"""
POSTS = """
    SELECT id, subreddit_id, author, title, text, url, permalink, flair, created_at, score, upvote_ratio,
           num_comments, over18, stickied, removed_by_category, deleted_at IS NULL
    FROM posts WHERE created_at > to_timestamp(%s) ORDER BY id
"""
SNAPSHOTS = """
    SELECT DISTINCT subreddit_id, point.subscribers
    FROM subreddit_snapshots AS point JOIN subreddits ON id = subreddit_id
    WHERE (subreddits.subscribers IS NULL) = %s ORDER BY 1, 2
"""
READINGS = """
    SELECT post_id, age_hours, score, upvote_ratio, num_comments, removed_by_category
    FROM post_readings WHERE read_at IS NOT NULL ORDER BY 1, 2
"""
# Posts of which a reading could be taken from the first moment to the last, and was not.
UNREAD = """
    SELECT count(*) FROM posts, unnest(ARRAY[1, 6, 24, 36]) AS age
    WHERE created_at + age * interval '1 hour' < to_timestamp(%s)
      AND created_at + age * interval '1 hour' + least(age * interval '12 min', interval '1 hour') > now()
      AND deleted_at IS NULL
      AND NOT EXISTS (SELECT FROM post_readings WHERE post_id = posts.id AND age_hours = age AND read_at IS NOT NULL)
"""
UNFINISHED = """
    SELECT (SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')),
           (SELECT count(*) FROM job_runs WHERE outcome = 'running'),
           (SELECT count(*) FROM subreddits WHERE leased_until IS NOT NULL OR posts_leased_until IS NOT NULL)
"""
COUNTED_WRONGLY = """
    SELECT name FROM totals WHERE (name = 'subreddits' AND value <> (SELECT count(*) FROM subreddits))
                               OR (name = 'posts' AND value <> (SELECT count(*) FROM posts))
"""
LOST_RUNS = "SELECT count(*) FROM job_runs WHERE outcome = 'lost'"

Rows = list[tuple[Any, ...]]


@pytest.fixture
def standing_still() -> Iterator[tuple[str, float]]:
    """(base URL, epoch seconds) of a sandbox in which time stands still, so that it always answers the same."""
    now = time.time()
    app = sandbox_app(SEED, window_limit=1_000_000, clock=lambda: now)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}", now
    server.should_exit = True
    thread.join()


@pytest.fixture
def another_url(postgres: str, template: str) -> Iterator[str]:
    """A second database, for the run that nobody disturbs."""
    name = "test_undisturbed"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
        yield psycopg.conninfo.make_conninfo(postgres, dbname=name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def known_before() -> list[Subreddit]:
    """What was known since yesterday: of all states, one that is gone, one that was reborn, and one by name alone.

    Their points of growth are yesterday's, so that no hour that turns meanwhile leaves them beside this hour's.
    """
    every = world(SEED).communities
    known = [subreddit(id=f"t5_{one.id}", name=one.name, title="old") for one in every[:KNOWN_BEFORE]]
    reborn, by_name = [one for one in every[KNOWN_BEFORE:] if one.state == "open" and one.type == "public"][
        :2
    ]
    every_one = [
        *known,
        subreddit(id="t5_gone", name="NoSuchTeahouse"),
        subreddit(id="t5_old", name=reborn.name, title="old"),
        subreddit(id=f"r/{by_name.name.lower()}", name=by_name.name, title=""),
    ]
    yesterday = datetime.now(UTC) - timedelta(days=1)
    return [replace(one, read_at=yesterday, subscribers=YESTERDAYS_SUBSCRIBERS) for one in every_one]


async def begin(url: str) -> None:
    database = Database(url, SCHEMA, QueryRecorder(100), pool_size=4)
    await database.open()
    await keep(database, *known_before())
    await database.close()
    ask(url, "UPDATE subreddits SET next_due_at = now(), posts_due_at = now()")


def ask(url: str, text: Any, *params: Any) -> Rows:
    with psycopg.connect(url, options=f"-c search_path={SCHEMA}") as connection:
        cursor = connection.execute(text, params)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def scraping(forks: ForkServerContext, url: str, api_url: str, until_done: bool) -> Iterator[Any]:
    """A process that scrapes; it is at work when the body begins."""
    receiver, sender = forks.Pipe(duplex=False)
    process = forks.Process(target=scrape, args=(url, SCHEMA, api_url, sender, until_done))
    process.start()
    sender.close()
    try:
        assert receiver.recv()
        yield process
    finally:
        receiver.close()
        process.kill()
        process.join()


def finish(forks: ForkServerContext, url: str, api_url: str) -> None:
    with scraping(forks, url, api_url, until_done=True) as process:
        process.join(DONE_WITHIN_SECONDS)
        assert process.exitcode == 0


def kill_again_and_again(forks: ForkServerContext, url: str, api_url: str, chance: random.Random) -> int:
    """How many runs were killed in the middle."""
    for _ in range(KILLS):
        with scraping(forks, url, api_url, until_done=False) as process:
            time.sleep(chance.uniform(0, LONGEST_LIFE_SECONDS))
            process.kill()
    # A worker that was killed between taking an entry and beginning it is missed after half a minute's silence.
    ask(url, "UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '1 minute'")
    ((running,),) = ask(url, "SELECT count(*) FROM job_runs WHERE outcome = 'running'")
    ((lost,),) = ask(url, LOST_RUNS)
    return int(running + lost)


async def test_nothing_is_lost_and_nothing_is_there_twice(
    forks: ForkServerContext,
    database_url: str,
    another_url: str,
    standing_still: tuple[str, float],
    capsys: pytest.CaptureFixture[str],
) -> None:
    api_url, now = standing_still
    for url in (another_url, database_url):
        await begin(url)
    finish(forks, another_url, api_url)
    in_the_middle = kill_again_and_again(forks, database_url, api_url, random.Random(SEED))
    before_the_end = len(ask(database_url, POSTS, now - A_DAY))
    finish(forks, database_url, api_url)

    assert ask(database_url, COMMUNITIES) == ask(another_url, COMMUNITIES)
    posts = ask(database_url, POSTS, now - A_DAY)
    assert posts == ask(another_url, POSTS, now - A_DAY)
    assert ask(database_url, SNAPSHOTS, False) == ask(another_url, SNAPSHOTS, False)
    # Of a community that does not tell its subscribers only posts do, and those of long ago may be there or not.
    silent = {*ask(database_url, SNAPSHOTS, True), *ask(another_url, SNAPSHOTS, True)}
    grown = [community for community, subscribers in silent if subscribers != YESTERDAYS_SUBSCRIBERS]
    assert len(grown) == len(set(grown))
    readings, undisturbed = (as_told(ask(url, READINGS)) for url in (database_url, another_url))
    common = readings.keys() & undisturbed.keys()
    assert {key: readings[key] for key in common} == {key: undisturbed[key] for key in common}
    for url in (database_url, another_url):
        assert ask(url, UNREAD, now) == [(0,)]
        assert ask(url, UNFINISHED) == [(0, 0, 0)]
        assert ask(url, COUNTED_WRONGLY) == []
    assert in_the_middle >= KILLS / 4, "else the kills came too early or too late to tell anything"
    with capsys.disabled():
        print(
            f"\n{KILLS} SIGKILLs, {in_the_middle} runs killed in the middle, {before_the_end:,} of {len(posts):,} "
            f"posts stored by then; in the end {len(ask(database_url, COMMUNITIES)):,} communities and "
            f"{len(readings):,} readings; lost 0, twice 0"
        )


def as_told(rows: Rows) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    return {row[:2]: row[2:] for row in rows}
