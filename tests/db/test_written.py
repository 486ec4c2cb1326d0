import asyncio
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
    assert heard == ["subreddits", "posts", "end"]


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
