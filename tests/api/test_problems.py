from collections.abc import Callable
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from db import subreddits
from db.database import Database

Read = Callable[[httpx.Response], dict[str, Any]]


async def test_what_matches_no_route_is_a_problem(http: httpx.AsyncClient, problem: Read) -> None:
    for path in ("/api/nonsense", "/api/", "/api/subreddits/a/b", "/api/../api/x"):
        body = problem(await http.get(path))
        assert (body["status"], body["title"]) == (404, "Not found"), path


async def test_a_wrong_method_is_a_problem_that_says_which_are_right(
    http: httpx.AsyncClient, problem: Read
) -> None:
    answer = await http.delete("/api/stats")
    assert (problem(answer)["status"], answer.headers["allow"]) == (405, "GET")


async def test_a_database_that_is_down_is_a_problem_that_says_when_to_come_back(
    http: httpx.AsyncClient, db: Database, problem: Read
) -> None:
    await db.close()
    for path in ("/api/stats", "/api/subreddits", "/api/subreddits/teapots", "/api/categorization"):
        answer = await http.get(path)
        body = problem(answer)
        assert (body["status"], body["title"]) == (503, "Database down")
        assert body["detail"].startswith("PostgreSQL does not answer: ")
        assert answer.headers["retry-after"] == "5"


async def test_an_answer_already_kept_is_given_even_while_the_database_is_down(
    http: httpx.AsyncClient, db: Database
) -> None:
    before = await http.get("/api/stats")
    await db.close()
    assert (await http.get("/api/stats")).content == before.content


async def test_a_failure_of_ours_tells_nothing_of_our_insides(
    http: httpx.AsyncClient, problem: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> bytes:
        raise RuntimeError("hunter2")

    monkeypatch.setattr(subreddits, "stats", fail)
    answer = await http.get("/api/stats")
    assert problem(answer)["status"] == 500
    assert "hunter2" not in answer.text


async def test_the_description_names_every_route(http: httpx.AsyncClient) -> None:
    described = (await http.get("/api/openapi.json")).json()
    assert {"/stats", "/subreddits", "/subreddits/{name}", "/categorization", "/live"} <= set(
        described["paths"]
    )
    assert described["info"]["title"] == "Subpulse"


async def test_the_documentation_page_asks_no_foreign_host(http: httpx.AsyncClient) -> None:
    page = await http.get("/api/docs")
    assert page.status_code == 200
    assert "swagger" in page.text
    foreign = [
        part for part in page.text.replace("'", '"').split('"') if part.startswith(("http:", "https:", "//"))
    ]
    assert foreign == []
    own = [part for part in page.text.replace("'", '"').split('"') if part.endswith((".js", ".css"))]
    assert own
    for part in own:
        assert (
            await http.get(httpx.URL("http://localhost:8501/api/docs").join(part).path)
        ).status_code == 200, part


def test_what_we_answer_is_the_api_health_metrics_and_assets(app: Starlette) -> None:
    assert {getattr(route, "path", "") for route in app.routes} == {
        "/api",
        "/health",
        "/metrics",
        "/assets/plotly.min.js",
    }
