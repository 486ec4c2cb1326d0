"""How far a file is in, who may be at it, and the communities that posts name."""

from contextlib import suppress

import pytest

from collectors.dumps.kinds import Community
from db import imports, subreddits
from db.database import Database
from db.imports import ImportBusy
from tests.factories import subreddit

FILE = "f" * 64


async def test_a_file_begins_once_and_goes_on_where_it_was(db: Database) -> None:
    first = await imports.begin(db, FILE, "/a/RS.zst", 10)
    assert (first.position, first.lines, first.finished_at) == (0, 0, None)
    async with db.transaction() as session:
        await imports.move(session, imports.moved(first, 50, 3, 2, 1, {"not JSON": 1}, {"profile": 2}))
    again = await imports.begin(db, FILE, "/b/renamed.zst", 10)
    assert (again.path, again.position, again.lines, again.stored, again.new) == ("/a/RS.zst", 50, 3, 2, 1)
    assert (again.rejected, again.left_out) == ({"not JSON": 1}, {"profile": 2})
    await imports.finish(db, FILE)
    assert (await imports.begin(db, FILE, "/a/RS.zst", 10)).finished_at is not None
    anew = await imports.begin(db, FILE, "/a/RS.zst", 10, again=True)
    assert (anew.position, anew.lines, anew.rejected, anew.finished_at) == (0, 0, {}, None)


async def test_a_batch_that_fails_moves_nothing(db: Database) -> None:
    first = await imports.begin(db, FILE, "/a/RS.zst", 10)
    with suppress(ZeroDivisionError):
        async with db.transaction() as session:
            await imports.move(session, imports.moved(first, 50, 3, 2, 1, {}, {}))
            _ = 1 / 0
    assert (await imports.begin(db, FILE, "/a/RS.zst", 10)).position == 0


async def test_only_one_imports_a_file_at_a_time(db: Database) -> None:
    async with imports.claimed(db, FILE):
        with pytest.raises(ImportBusy, match="Another process is importing this file"):
            async with imports.claimed(db, FILE, seconds=0):
                pass
        async with imports.claimed(db, "e" * 64, seconds=0):
            pass
    async with imports.claimed(db, FILE, seconds=0):
        pass


async def test_communities_of_posts_are_there_unknown_and_due(db: Database) -> None:
    async with db.transaction() as session:
        await subreddits.merge(session, [subreddit(id="t5_1", name="Teapots", subscribers=1200)])
        told = [Community("t5_1", "teapots", "public", 3), Community("t5_2", "Kettles", "public", 4)]
        assert await imports.note_communities(session, told) == 1
        assert await imports.note_communities(session, told) == 0
    async with db.connection() as connection:
        found = await (
            await connection.execute(
                "SELECT id, name, subscribers, state, state_reason, next_due_at <= now() FROM subreddits ORDER BY id"
            )
        ).fetchall()
    assert found[0][:4] == ("t5_1", "Teapots", 1200, "alive")
    assert found[1] == ("t5_2", "Kettles", 4, "unknown", "imported", True)
    assert (await subreddits.totals(db))["subreddits"] == 2


async def test_a_name_finds_the_real_community_and_never_a_stand_in(db: Database) -> None:
    async with db.transaction() as session:
        await imports.note_communities(session, [Community("r/teapots", "Teapots", "public", None)])
        assert await imports.ids_by_name(session, ["teapots"]) == {}
        await subreddits.merge(session, [subreddit(id="t5_1", name="Teapots")])
        assert await imports.ids_by_name(session, ["teapots", "none"]) == {"teapots": "t5_1"}
