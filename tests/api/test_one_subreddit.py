from collections.abc import Callable
from typing import Any

import httpx
import pytest

from db.database import Database
from tests.factories import subreddit
from tests.stored import keep


async def test_it_is_found_whatever_its_case(http: httpx.AsyncClient, db: Database) -> None:
    await keep(db, subreddit())
    answer = await http.get("/api/subreddits/tEAPOTS")
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert (body["name"], body["subscribers"], body["posts"], body["state"]) == ("Teapots", 1200, 0, "alive")


@pytest.mark.parametrize("name", ["Teapot", "%27%3B--", "%25", "🫖", "u_someone"])
async def test_an_unknown_one_is_a_problem_that_names_it(
    http: httpx.AsyncClient, problem: Callable[[httpx.Response], dict[str, Any]], name: str
) -> None:
    body = problem(await http.get(f"/api/subreddits/{name}"))
    assert (body["status"], body["title"]) == (404, "Not found")
    assert "was collected" in body["detail"]


@pytest.mark.parametrize("name", ["x" * 51, "tea%00pots"])
async def test_an_impossible_name_is_a_problem_with_its_field(
    http: httpx.AsyncClient, problem: Callable[[httpx.Response], dict[str, Any]], name: str
) -> None:
    body = problem(await http.get(f"/api/subreddits/{name}"))
    assert body["status"] == 422
    assert body["errors"][0]["field"] == "name"
