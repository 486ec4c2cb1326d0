"""What can be done on the Database page: a backend is cancelled or ended, an index made, dropped and taken back."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import format
from dashboard.data import ActionFailed, indexes, postgresql
from dashboard.kept import forget
from db.advice.apply import apply_wanted
from db.database import with_schema
from db.diagnosis import locks
from db.diagnosis.locks import Holder
from db.diagnosis.target import own
from settings import Settings
from tests.conftest import SCHEMA
from tests.dashboard.conftest import House, Open, said
from tests.dashboard.databases import execute, ran, table
from tests.waiting import until_found

LACKING = "SELECT id FROM posts WHERE author = %(author)s"


def button(app: AppTest, label: str) -> Any:
    return next(one for one in app.button if one.label == format.plain(label) or one.label == label)


@contextmanager
def blocked(house: House) -> Iterator[tuple[Holder, "asyncio.Future[Any]"]]:
    """Somebody holds a lock on `posts` and somebody waits for it: the holder's tree, what becomes of the other."""
    conninfo = with_schema(house.db.conninfo(), SCHEMA)

    async def connected() -> "psycopg.AsyncConnection[Any]":
        return await psycopg.AsyncConnection.connect(conninfo, autocommit=True, application_name="till")

    async def trees() -> list[Holder]:
        found = await locks.blocking(own(house.db))
        assert isinstance(found, list)
        return found

    async def begin() -> "asyncio.Future[Any]":
        await holder.execute("BEGIN")
        await holder.execute("LOCK TABLE posts")
        waiting = asyncio.ensure_future(waiter.execute("SELECT count(*) FROM posts"))
        await until_found(trees)
        return waiting

    async def end() -> None:
        await holder.close()
        await asyncio.wait([waiting], timeout=20)
        await waiter.close()

    holder, waiter = house.do(connected()), house.do(connected())
    waiting = house.do(begin())
    (tree,) = house.do(trees())
    forget()
    yield tree, waiting
    house.do(end())


async def outcome(waiting: "asyncio.Future[Any]") -> BaseException | None:
    await asyncio.wait([waiting], timeout=20)
    return waiting.exception()


def test_who_waits_is_told_under_who_holds_and_can_be_cancelled(house: House, open_page: Open) -> None:
    with blocked(house) as (tree, waiting):
        app = open_page("database", view="Connections")
        holder, waiter = table(app, "lock")
        assert (holder["waits"], holder["blocks"], waiter["lock"]) == (
            "holds the lock",
            1,
            "AccessShareLock on subpulse_sandbox.posts",
        )
        assert waiter["who"].startswith("└ process ")
        app.session_state["blocking-own"] = tree.blocks[0].pid
        app.run()
        assert "SELECT count(*) FROM posts" in [code.value for code in app.code]
        button(app, "Cancel the statement").click().run()
        assert app.toast[0].value == format.plain(
            f"Process {tree.blocks[0].pid} was asked to give up its statement."
        )
        assert isinstance(house.do(outcome(waiting)), psycopg.errors.QueryCanceled)
        assert "Nobody waits for a lock" in said(app.run())


def test_who_holds_a_lock_can_be_ended(house: House, open_page: Open) -> None:
    with blocked(house) as (tree, waiting):
        app = open_page("database", view="Connections")
        app.session_state["blocking-own"] = tree.pid
        app.run()
        button(app, "End it").click().run()
        assert app.toast[0].value == format.plain(f"Process {tree.pid} was asked to end.")
        assert house.do(outcome(waiting)) is None


def test_a_chosen_backend_stays_chosen_beside_new_ones_and_is_gone_with_its_end(
    house: House, open_page: Open
) -> None:
    with blocked(house) as (tree, _):
        assert tree.backend is not None
        app = open_page("database", view="Connections")
        app.session_state["clients-own"] = tree.pid, tree.backend.backend_start
        app.run()
        assert "LOCK TABLE posts" in [code.value for code in app.code]
        with psycopg.connect(with_schema(house.db.conninfo(), SCHEMA)) as another:
            another.execute("SELECT 1")
            forget()
            app.run()
            assert len(table(app, "statement")) == 3
            assert "LOCK TABLE posts" in [code.value for code in app.code]
    forget()
    app.run()
    assert "LOCK TABLE posts" not in [code.value for code in app.code]


def test_what_ended_meanwhile_is_said_and_nobody_else_is_ended(house: House) -> None:
    with blocked(house) as (tree, _):
        assert tree.backend is not None
        start = tree.backend.backend_start
    ended = postgresql.end_connection("own", tree.pid, start)
    assert (ended.done, "has ended meanwhile" in ended.sentence) == (False, True)


@pytest.fixture
def forbidden(house: House) -> None:
    house.connect(settings=Settings(subpulse_source="sandbox", database_actions="off"))


@pytest.mark.usefixtures("forbidden")
def test_where_it_is_not_allowed_every_lever_is_off_and_says_why(house: House, open_page: Open) -> None:
    execute(house, "CREATE INDEX posts_twice ON posts (id)")
    with blocked(house) as (tree, _):
        app = open_page("database", view="Connections")
        app.session_state["blocking-own"] = tree.pid
        app.run()
        cancel = button(app, "Cancel the statement")
        assert (cancel.disabled, cancel.proto.help) == (True, postgresql.WHY_NOT)
        assert tree.backend is not None
        with pytest.raises(ActionFailed, match="DATABASE_ACTIONS"):  # whoever sends the click all the same
            postgresql.cancel_statement("own", tree.pid, tree.backend.backend_start)
    drop = button(open_page("database", view="Indexes"), "Drop it")
    assert (drop.disabled, drop.proto.help) == (True, postgresql.WHY_NOT)
    made = indexes.made("own")
    assert isinstance(made, list)
    with pytest.raises(ActionFailed, match="DATABASE_ACTIONS"):
        indexes.drop("own", made[0], "a forged click")
    assert indexes.changes("own") == []


@pytest.fixture
def lacking(house: House) -> None:
    """Many posts, and a statement that looks for an author among them; the job runs where it is asked to."""

    async def run_job(name: str) -> None:
        assert name == "change_indexes"
        await apply_wanted(house.db, own(house.db), "me")

    async def pause_job(name: str, paused: bool) -> None: ...

    execute(
        house,
        "INSERT INTO subreddits (id, name) VALUES ('t5_1', 'teapots')",
        "INSERT INTO posts (id, subreddit_id, author, title, created_at, score, num_comments, domain, collected_at) "
        "SELECT 't3_' || i, 't5_1', 'author' || i % 9000, 'A post', now(), 1, 1, 'example.org', now() "
        "FROM generate_series(1, 30000) AS i",
        "ANALYZE posts",
    )
    house.do(ran(house, LACKING, "page jobs", 0.02, 200))
    house.connect(run_job=run_job, pause_job=pause_job)


def indexes_of_posts(house: House) -> set[str]:
    with psycopg.connect(house.db.conninfo()) as connection:
        rows = connection.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'posts'").fetchall()
    return {str(name) for (name,) in rows}


@pytest.mark.usefixtures("lacking")
def test_an_advised_index_is_made_and_taken_back(house: House, open_page: Open) -> None:
    app = open_page("database", view="Indexes")
    assert "**subpulse\\_sandbox\\.posts \\(author\\)**" in said(app)
    button(app, "Make it").click().run()
    assert not app.exception
    assert format.plain("Make it: it waits for its turn") in app.toast[0].value
    assert "posts_by_author" in indexes_of_posts(house)
    (change,) = table(app, "state")
    assert (change["what"], change["state"]) == ("create posts_by_author", "✓ done")
    first, last = (float(cost.replace(",", "")) for cost in change["cost"].split(" → "))
    assert last < first / 10
    assert not any(one.label == "Make it" for one in app.button)
    button(app, "Take back: create posts_by_author").click().run()
    assert "posts_by_author" not in indexes_of_posts(house)
    assert [row["state"] for row in table(app, "state")] == ["✓ done", "taken back"]


@pytest.mark.usefixtures("lacking")
def test_an_index_that_is_wanted_already_has_no_button(house: House, open_page: Open) -> None:
    house.connect()  # no job runs
    app = open_page("database", view="Indexes")
    button(app, "Make it").click().run()
    assert not any(one.label == "Make it" for one in app.button)
    assert "It waits for its turn, asked for" in said(app)


@pytest.mark.usefixtures("lacking")
def test_an_index_that_only_costs_is_dropped_and_made_again(house: House, open_page: Open) -> None:
    execute(house, "CREATE INDEX posts_twice ON posts (id)")
    app = open_page("database", view="Indexes")
    assert "No index is half made" not in said(app)
    button(app, "Drop it").click().run()
    assert "posts_twice" not in indexes_of_posts(house)
    assert "No index is half made" in said(app)
    button(app, "Take back: drop posts_twice").click().run()
    assert "posts_twice" in indexes_of_posts(house)
