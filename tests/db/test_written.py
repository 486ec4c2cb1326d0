import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator

import pytest

from db import written
from db.database import Database
from tests.factories import post, subreddit
from tests.stored import keep, keep_posts
from tests.waiting import beside, until

Heard = list[str]


@pytest.fixture
async def heard(db: Database) -> AsyncIterator[Heard]:
    """What a listening process hears, gaps as `gap`; it listens already."""
    found: Heard = []
    async with beside(
        written.listen(db, lambda word: found.extend(word.split()[1:]), lambda: found.append("gap"))
    ):
        await until(lambda: found == ["gap"])
        found.clear()
        yield found


async def say(db: Database, tag: str) -> None:
    async with db.transaction() as session:
        await written.announce(session, tag)


async def test_a_write_is_heard_after_its_commit(db: Database, heard: Heard) -> None:
    async with db.transaction() as session:
        await written.announce(session, "posts")
        await say(db, "before")
        await until(lambda: heard)
        assert heard == ["before"]
    await until(lambda: len(heard) == 2)
    assert heard == ["before", "posts"]


async def test_a_write_that_was_taken_back_is_not_heard(db: Database, heard: Heard) -> None:
    async def fail() -> None:
        async with db.transaction() as session:
            await written.announce(session, "never")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    await say(db, "after")
    await until(lambda: heard)
    assert heard == ["after"]


async def test_merging_says_what_was_written_and_an_unchanged_batch_of_posts_says_nothing(
    db: Database, heard: Heard
) -> None:
    await keep(db, subreddit())
    await keep_posts(db, post())
    await keep_posts(db, post())
    await say(db, "end")
    await until(lambda: "end" in heard)
    of_one = [f"subreddit:{subreddit().id}", f"subreddit:{subreddit().name.lower()}"]
    assert heard == ["subreddits", *sorted(of_one), "posts", of_one[0], "end"]


async def test_another_schemas_writes_are_not_heard(db: Database, heard: Heard, database_url: str) -> None:
    other = Database(database_url, "subpulse_reddit", db.recorder, pool_size=4)
    await other.open()
    async with db.connection() as connection:
        await connection.execute("CREATE SCHEMA subpulse_reddit")
    await say(other, "elsewhere")
    await other.close()
    await say(db, "here")
    await until(lambda: heard)
    assert heard == ["here"]


async def test_a_cut_connection_is_a_gap_before_anything_else_is_heard(
    db: Database, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(written, "RETRY_SECONDS", 0)
    async with db.connection() as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = %s",
            (written.NAME,),
        )
    await until(lambda: len(heard) >= 2)
    await say(db, "posts")
    await until(lambda: "posts" in heard)
    assert set(heard[: heard.index("posts")]) == {"gap"}
    await asyncio.sleep(0)


async def test_more_tags_than_fit_into_one_notification_are_all_heard(db: Database, heard: Heard) -> None:
    tags = tuple(f"subreddit:t5_{number:06}" for number in range(2000))
    async with db.transaction() as session:
        await written.announce(session, *tags)
    await until(lambda: len(heard) == len(tags))
    assert tuple(heard) == tags


async def test_no_two_writes_have_the_same_word(db: Database) -> None:
    words: list[str] = []
    gaps: list[None] = []
    async with beside(written.listen(db, words.append, lambda: gaps.append(None))):
        await until(lambda: gaps)
        for _ in range(3):
            await say(db, "posts")
        await until(lambda: len(words) == 3)
    assert len(set(words)) == 3
    assert {word.split(" ", 1)[1] for word in words} == {"posts"}


async def test_signs_of_life_go_on_while_nothing_is_written(db: Database) -> None:
    signs: list[float] = []
    async with beside(written.listen(db, str.split, lambda: None, signs.append)):
        await until(lambda: len(signs) == 3)
    assert signs == sorted(signs)
    assert signs[-1] <= time.monotonic()


async def test_what_was_written_before_a_sign_is_heard_before_it(db: Database) -> None:
    heard: list[object] = []
    async with beside(written.listen(db, heard.append, lambda: None, heard.append)):
        await until(lambda: heard)
        for number in range(20):
            await say(db, f"tag{number}")
            said_at = time.monotonic()
            await until(lambda said_at=said_at: isinstance(heard[-1], float) and heard[-1] > said_at)
            last_word = [word for word in heard if isinstance(word, str)][-1]
            assert last_word.endswith(f"tag{number}")


async def test_a_listener_whose_line_is_dead_gives_no_sign_and_makes_another(db: Database) -> None:
    signs: list[float] = []
    gaps: list[float] = []
    async with beside(written.listen(db, str.split, lambda: gaps.append(time.monotonic()), signs.append)):
        await until(lambda: signs)
        async with db.connection() as connection:
            found = await connection.execute(
                "SELECT pid FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = %s",
                (written.NAME,),
            )
            (pid,) = (await found.fetchall())[0]
        seen = len(gaps)
        os.kill(pid, signal.SIGSTOP)
        stopped_at = time.monotonic()
        try:
            await until(lambda: len(gaps) > seen)
            assert signs[-1] < stopped_at + 0.25
            longest = written.SIGN_OF_LIFE_EVERY_SECONDS + written.SIGN_OF_LIFE_WITHIN_SECONDS
            assert gaps[-1] - stopped_at < longest + 1
            await until(lambda: signs[-1] > stopped_at + longest)
        finally:
            os.kill(pid, signal.SIGCONT)  # and it finds that nobody is there


async def test_the_data_has_one_name_for_all_who_work_on_it(db: Database, database_url: str) -> None:
    other = Database(database_url, "subpulse_reddit", db.recorder, pool_size=4)
    async with db.connection() as connection:
        await connection.execute("CREATE SCHEMA subpulse_reddit")
    await other.open()
    names = {await written.identity(each) for each in (db, db, other)}
    await other.close()
    assert len(names) == 2


async def test_what_a_hand_clears_is_heard_like_a_write(db: Database, heard: Heard) -> None:
    await written.clear(db, "namespace:stats", "key:stats:0123")
    await until(lambda: heard)
    assert heard == ["namespace:stats", "key:stats:0123"]
