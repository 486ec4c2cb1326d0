from collections.abc import Callable
from typing import Any

import httpx
import pytest

from categorization.classify import Classifier
from db import categories
from db.database import Database
from tests.factories import subreddit
from tests.stored import keep

COOKS = {"name": "sourdough", "title": "Sourdough bread", "description": "Starters, loaves and recipes."}


async def test_progress_tells_version_counts_and_categories(
    http: httpx.AsyncClient, db: Database, classifier: Classifier
) -> None:
    await keep(db, subreddit(id="t5_1"), subreddit(id="t5_2", name="Kettles", subscribers=None))
    decision = categories.Decision("t5_1", "food", 0.9, None, "examples", classifier.version, [])
    async with db.transaction() as session:
        await categories.decide(session, [decision])
    body = (await http.get("/api/categorization")).json()
    assert (body["communities"], body["categorized"], body["version"]) == (2, 1, classifier.version)
    assert body["categories"] == [{"category": "food", "communities": 1, "subscribers": 1200}]
    assert body["last_decided_at"]


async def test_communities_are_judged_in_their_order_and_nothing_is_stored(
    http: httpx.AsyncClient, db: Database
) -> None:
    answer = await http.post("/api/categorization", json={"communities": [COOKS, {"name": "x"}, COOKS]})
    assert answer.status_code == 200
    judged = answer.json()["communities"]
    assert [one["name"] for one in judged] == ["sourdough", "x", "sourdough"]
    assert judged[0] == judged[2]
    assert judged[0]["category"] == "food"
    assert 0 < judged[0]["confidence"] <= 1
    assert {"second_best", "method", "version", "evidence"} <= set(judged[0])
    assert (await categories.progress(db, judged[0]["version"]))["last_decided_at"] is None


BAD: list[tuple[dict[str, Any], str]] = [
    ({"json": {"communities": []}}, "communities"),
    ({"json": {}}, "communities"),
    ({"json": {"communities": "sourdough"}}, "communities"),
    ({"json": {"communities": [COOKS], "more": 1}}, "more"),
    ({"json": {"communities": [COOKS | {"color": "red"}]}}, "communities.0.color"),
    ({"json": {"communities": [COOKS, {"title": "nameless"}]}}, "communities.1.name"),
    ({"json": {"communities": [COOKS | {"name": ""}]}}, "communities.0.name"),
    ({"json": {"communities": [COOKS | {"name": "x" * 51}]}}, "communities.0.name"),
    ({"json": {"communities": [COOKS | {"title": "x" * 501}]}}, "communities.0.title"),
    ({"json": {"communities": [COOKS | {"description": "x" * 20_001}]}}, "communities.0.description"),
    ({"json": {"communities": [COOKS | {"title": None}]}}, "communities.0.title"),
    ({"json": {"communities": [{"name": "x"}] * 1001}}, "communities"),
    ({"json": []}, "body"),
    ({"json": None}, "body"),
    ({"content": b"", "headers": {"content-type": "application/json"}}, "body"),
]


@pytest.mark.usefixtures("db")
async def test_each_bad_body_is_answered_with_the_field_that_is_wrong(
    http: httpx.AsyncClient, problem: Callable[[httpx.Response], dict[str, Any]]
) -> None:
    for request, field in BAD:
        answer = await http.post("/api/categorization", **request)
        assert answer.status_code == 422, field
        body = problem(answer)
        assert [(error["in"], error["field"]) for error in body["errors"]] == [("body", field)], body


async def test_what_is_no_json_says_so(
    http: httpx.AsyncClient, problem: Callable[[httpx.Response], dict[str, Any]]
) -> None:
    for content in (b"{", b"\xff\xfe", b"communities=x"):
        answer = await http.post(
            "/api/categorization", content=content, headers={"content-type": "application/json"}
        )
        assert answer.status_code in (400, 422)
        body = problem(answer)
        assert "body" in body["detail"], content
