"""The bridge from a page's thread to the server's loop."""

import asyncio
from typing import Any

import pytest

from api.services import make_cache
from caching.cache import Cache
from dashboard import data
from dashboard.data import bridge
from dashboard.kept import forget, kept
from db import subreddits
from db.attribution import asker
from db.database import Database
from tests.dashboard.conftest import House
from tests.factories import subreddit
from tests.stored import keep


def test_it_asks_on_the_servers_loop_in_the_pages_name(house: House) -> None:
    async def who(_: Database) -> tuple[str, Any]:
        return asker(), asyncio.get_running_loop()

    assert data.asked("jobs", who) == ("page jobs", house.loop.loop)


def test_a_process_that_is_not_connected_is_unavailable(house: House) -> None:
    data.disconnect()
    with pytest.raises(data.Unavailable, match="starting or stopping"):
        data.asked("jobs", lambda db: db.rows("runs.by_job"))


def test_an_answer_that_does_not_come_is_unavailable(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "ANSWER_SECONDS", 0.01)
    with pytest.raises(data.Unavailable, match="no answer"):
        data.asked("jobs", lambda _: asyncio.sleep(60))


def test_it_remembers_since_when_the_database_is_down(house: House) -> None:
    house.db.down_reason = "gone"
    with pytest.raises(data.Unavailable) as first:
        data.asked("jobs", lambda db: db.rows("runs.by_job"))
    assert not data.back()
    with pytest.raises(data.Unavailable) as second:
        data.asked("jobs", lambda db: db.rows("runs.by_job"))
    assert first.value.since == second.value.since
    house.db.down_reason = None
    assert data.back()


def test_a_failed_action_says_why(house: House) -> None:
    with pytest.raises(data.ActionFailed, match="cannot start jobs"):
        data.run_job("prune")


def test_answers_are_kept_per_question_until_forgotten() -> None:
    asked = []

    @kept(seconds=60, entries=4)
    def answer(question: str) -> str:
        asked.append(question)
        return question.upper()

    assert [answer("a"), answer("a"), answer("b")] == ["A", "A", "B"]
    assert asked == ["a", "b"]
    forget()
    answer("a")
    assert asked == ["a", "b", "a"]


def test_an_expensive_question_is_asked_once_for_all_pages_until_its_tag_is_written(house: House) -> None:
    cache = Cache()
    queries = cache.add("queries", ttl_seconds=300, tags=())
    house.connect(query_cache=cache.ask)
    house.do(keep(house.db, subreddit()))
    for _ in range(3):
        assert data.matching(data.filters(None, None, None, None)) == 1
        assert data.categories() == []
    assert (queries.counters.misses, queries.counters.hits) == (2, 4)
    house.do(keep(house.db, subreddit(id="t5_2", name="Kettles")))
    cache.hear("1 subreddits")
    assert data.matching(data.filters(None, None, None, None)) == 2
    data.categories()
    assert queries.counters.misses == 3, "the categories are as they were"


def test_a_page_finds_what_the_api_has_asked_already(house: House) -> None:
    cache, _, pages = make_cache()
    house.connect(query_cache=cache.ask)
    house.do(keep(house.db, subreddit()))
    nothing = data.filters(None, None, None, None)
    question = (nothing, "subscribers", 50, None)
    body = house.do(pages.get(question, lambda: subreddits.page_as_json(house.db, *question)))
    found, following = data.communities(*question)
    assert [row["name"] for row in found] == ["Teapots"]
    assert following is None
    assert b"Teapots" in body
    assert (pages.counters.hits, pages.counters.misses) == (1, 1)
    named = data.community("TEAPOTS")
    assert named is not None
    assert named == data.community("teapots")
    assert data.community("kettles") is None
    one = cache.namespaces["subreddit"].counters
    assert (one.hits, one.misses) == (1, 2)


def test_without_a_cache_it_is_asked_each_time(house: House) -> None:
    assert data.matching(data.filters(None, None, None, None)) == 0
    house.do(keep(house.db, subreddit()))
    assert data.matching(data.filters(None, None, None, None)) == 1
