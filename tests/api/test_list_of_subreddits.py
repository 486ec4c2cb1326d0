from collections.abc import Callable
from typing import Any

import httpx
import pytest

from db.database import Database
from tests.factories import subreddit
from tests.stored import keep

Read = Callable[[httpx.Response], dict[str, Any]]


@pytest.fixture
async def crowd(db: Database) -> None:
    """230 communities, several of each size."""
    await keep(
        db, *(subreddit(id=f"t5_{n}", name=f"Tea{n:03}", subscribers=n // 3 or None) for n in range(230))
    )


@pytest.mark.usefixtures("crowd")
async def test_fifty_come_unless_asked_otherwise_and_two_hundred_at_most(http: httpx.AsyncClient) -> None:
    assert len((await http.get("/api/subreddits")).json()["items"]) == 50
    assert len((await http.get("/api/subreddits", params={"limit": 200})).json()["items"]) == 200
    assert (await http.get("/api/subreddits", params={"limit": 201})).status_code == 422


@pytest.mark.usefixtures("crowd")
async def test_following_next_meets_each_community_once(http: httpx.AsyncClient) -> None:
    for sort in ("subscribers", "name", "first_seen"):
        names: list[str] = []
        params: dict[str, Any] = {"sort": sort, "limit": 60}
        while True:
            body = (await http.get("/api/subreddits", params=params)).json()
            names += [row["name"] for row in body["items"]]
            if body["next"] is None:
                break
            params["cursor"] = body["next"]
        assert sorted(names) == [f"Tea{n:03}" for n in range(230)], sort


async def test_null_stays_null_on_the_wire(http: httpx.AsyncClient, db: Database) -> None:
    await keep(db, subreddit(subscribers=None, over18=None))
    (row,) = (await http.get("/api/subreddits")).json()["items"]
    assert row["subscribers"] is row["over18"] is None
    assert row["created_at"] == "2015-03-01T00:00:00+00:00"


BAD = [
    ({"limit": "0"}, "limit"),
    ({"limit": "many"}, "limit"),
    ({"min_subscribers": "-1"}, "min_subscribers"),
    ({"min_subscribers": str(2**63)}, "min_subscribers"),
    ({"over18": "perhaps"}, "over18"),
    ({"sort": "color"}, "sort"),
    ({"q": "x" * 201}, "q"),
    ({"category": "x" * 51}, "category"),
    ({"category": "food\0"}, "category"),
    ({"cursor": "x" * 501}, "cursor"),
    ({"cursor": "nonsense"}, "cursor"),
]


async def test_each_bad_parameter_is_named_with_what_is_wrong(http: httpx.AsyncClient, problem: Read) -> None:
    for params, field in BAD:
        answer = await http.get("/api/subreddits", params=params)
        assert answer.status_code in (400, 422), params
        body = problem(answer)
        (error,) = body["errors"]
        assert (error["in"], error["field"]) == ("query", field), params
        assert body["detail"] == f"{field}: {error['message']}"


async def test_a_cursor_of_another_order_is_refused(
    http: httpx.AsyncClient, db: Database, problem: Read
) -> None:
    await keep(db, subreddit(id="t5_1"), subreddit(id="t5_2"))
    cursor = (await http.get("/api/subreddits", params={"limit": 1})).json()["next"]
    answer = await http.get("/api/subreddits", params={"limit": 1, "sort": "name", "cursor": cursor})
    assert answer.status_code == 400
    assert "begin at the first page" in problem(answer)["detail"]


async def test_several_bad_parameters_are_all_named(http: httpx.AsyncClient, problem: Read) -> None:
    body = problem(await http.get("/api/subreddits", params={"limit": "0", "sort": "color"}))
    assert {error["field"] for error in body["errors"]} == {"limit", "sort"}


async def test_hostile_words_find_nothing_and_break_nothing(http: httpx.AsyncClient, db: Database) -> None:
    await keep(db, subreddit())
    for q in ("'; DROP TABLE subreddits; --", "tea' | 'x", "a:* & !b", "\0", "🫖'", "%", "\\"):
        assert (await http.get("/api/subreddits", params={"q": q})).status_code == 200, q
    assert len((await http.get("/api/subreddits")).json()["items"]) == 1
