import asyncio
from typing import Any

import httpx
import pytest

from api.responses.policy import Edge
from api.services import Services
from db import subreddits
from db.database import Database
from tests.api.conftest import front_of, table_of
from tests.factories import subreddit
from tests.stored import keep


class Asked:
    """How often PostgreSQL was asked for a page; held up by a gate when a test closes it."""

    def __init__(self) -> None:
        self.times, self.gate = 0, asyncio.Event()
        self.gate.set()


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> Asked:
    asked, page = Asked(), subreddits.page

    async def counted(*arguments: Any) -> subreddits.Page:
        asked.times += 1
        await asked.gate.wait()
        return await page(*arguments)

    monkeypatch.setattr(subreddits, "page", counted)
    return asked


def looked_up(services: Services, path: str) -> tuple[int, int]:
    """(hits, misses) of a route's kept answers."""
    return next((one["hits"], one["misses"]) for one in services.cache.stats() if one["namespace"] == path)


async def test_the_same_question_has_one_answer_however_it_is_written(
    http: httpx.AsyncClient, services: Services
) -> None:
    for query in (
        "?limit=10&q=tea",
        "?q=tea&limit=10",
        "?q=%74ea&limit=10",
        "?limit=3&q=tea&limit=10",
        "?q=tea&limit=10&utm_source=feed&_=1699",
        "?q=tea&limit=10&sort=subscribers",
    ):
        assert (await http.get(f"/api/subreddits{query}")).status_code == 200
    assert looked_up(services, "/api/subreddits") == (5, 1)


async def test_what_a_route_does_not_know_never_reaches_it(
    http: httpx.AsyncClient, services: Services
) -> None:
    for number in range(50):
        await http.get(f"/api/stats?bust={number}")
    assert looked_up(services, "/api/stats") == (49, 1)


async def test_no_path_reads_like_another_one_in_a_coding(
    http: httpx.AsyncClient, services: Services, db: Database
) -> None:
    await keep(db, subreddit(name="teapots"))
    kept = await http.get("/api/subreddits/teapots", headers={"Accept-Encoding": "zstd"})
    assert kept.status_code == 200
    for path in ("/api/subreddits/teapots in zstd", "/api/subreddits/teapots%20in%20zstd"):
        assert (await http.get(path, headers={"Accept-Encoding": "identity"})).status_code == 404


async def test_different_questions_have_different_answers(
    http: httpx.AsyncClient, services: Services
) -> None:
    for query in ("", "?q=", "?q=a", "?q=b", "?limit=51", "?sort=name", "?over18=true", "?over18=false"):
        await http.get(f"/api/subreddits{query}")
    assert looked_up(services, "/api/subreddits") == (0, 8)


async def test_a_head_is_answered_as_its_get_without_the_body(
    http: httpx.AsyncClient, services: Services
) -> None:
    for path in ("/api/subreddits", "/api/sources", "/health"):
        head = await http.head(path)
        got = await http.get(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(got.content))
        assert head.headers.get("etag") is not None
    assert looked_up(services, "/api/subreddits") == (1, 1)
    assert (await http.head("/api/live")).status_code == 405


async def test_fifty_who_ask_at_once_cost_one_computation(http: httpx.AsyncClient, pages: Asked) -> None:
    pages.gate.clear()
    asking = [asyncio.create_task(http.get("/api/subreddits")) for _ in range(50)]
    while not pages.times:  # noqa: ASYNC110 - what is waited for sets no event
        await asyncio.sleep(0)
    pages.gate.set()
    answers = await asyncio.gather(*asking)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert pages.times == 1


@pytest.mark.parametrize(
    "headers",
    [{"Authorization": "Bearer x"}, {"Range": "bytes=0-5"}, {"Cookie": "a=b; _streamlit_user=me"}],
)
async def test_what_is_somebodys_own_is_neither_kept_nor_answered_from_what_is(
    http: httpx.AsyncClient, services: Services, headers: dict[str, str]
) -> None:
    await http.get("/api/stats")
    for _ in range(2):
        answer = await http.get("/api/stats", headers=headers)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["etag"]
    assert looked_up(services, "/api/stats") == (0, 1)


async def test_an_answer_that_was_written_over_while_it_was_computed_is_for_nobody_else(
    http: httpx.AsyncClient, services: Services, pages: Asked
) -> None:
    pages.gate.clear()
    asking = asyncio.create_task(http.get("/api/subreddits"))
    while not pages.times:  # noqa: ASYNC110 - what is waited for sets no event
        await asyncio.sleep(0)
    services.cache.invalidate("subreddits")
    pages.gate.set()
    late = await asking
    assert (late.status_code, late.headers["cache-control"]) == (200, "private, no-store")
    assert "s-maxage" in (await http.get("/api/subreddits")).headers["cache-control"]


async def test_a_stream_is_passed_on_as_it_is(http: httpx.AsyncClient, services: Services) -> None:
    services.pulse.close()
    answer = await http.get("/api/live", headers={"Accept-Encoding": "zstd, br, gzip", "If-None-Match": "*"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert not {"content-encoding", "etag"} & set(answer.headers)


async def test_other_cookies_do_not_matter(http: httpx.AsyncClient, services: Services) -> None:
    for cookie in ("_streamlit_xsrf=1", "_streamlit_xsrf=2; theme=dark"):
        await http.get("/api/stats", headers={"Cookie": cookie})
    assert looked_up(services, "/api/stats") == (1, 1)


async def test_an_error_is_not_kept(http: httpx.AsyncClient, db: Database) -> None:
    assert (await http.get("/api/subreddits?limit=0")).status_code == 422
    assert (await http.get("/api/subreddits?limit=0")).status_code == 422
    db.down_reason = "away"
    assert (await http.get("/api/stats")).status_code == 503
    db.down_reason = None
    assert (await http.get("/api/stats")).status_code == 200


async def test_what_is_kept_is_still_answered_while_postgresql_is_away(
    http: httpx.AsyncClient, db: Database
) -> None:
    before = await http.get("/api/stats")
    db.down_reason = "away"
    assert (await http.get("/api/stats")).content == before.content


async def test_a_write_is_forgotten_in_the_same_moment(
    http: httpx.AsyncClient, services: Services, db: Database
) -> None:
    before = (await http.get("/api/stats")).json()["communities"]
    await keep(db, subreddit())
    assert (await http.get("/api/stats")).json()["communities"] == before
    services.cache.invalidate("subreddits")
    assert (await http.get("/api/stats")).json()["communities"] == before + 1


async def test_each_route_says_how_long_it_may_be_kept_and_under_which_names(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/stats")
    assert answer.headers["cache-control"] == "public, max-age=5, s-maxage=2, stale-while-revalidate=30"
    assert answer.headers["surrogate-key"] == "subpulse subpulse-subreddits subpulse-posts"
    assert "cache-tag" not in answer.headers
    assert "age" not in answer.headers
    for path in ("/api/sources", "/health"):
        assert (await http.get(path)).headers["cache-control"] == "no-store"


async def test_an_edge_that_is_told_of_writes_may_keep_it_as_long_as_we_do(services: Services) -> None:
    app = front_of(services, Edge(is_told=True, is_cloudflare=True))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
        first, second = await http.get("/api/stats"), await http.get("/api/stats")
    assert "s-maxage=300" in first.headers["cache-control"]
    assert first.headers["cache-tag"] == "subpulse,subpulse-subreddits,subpulse-posts"
    assert second.headers["age"] == "0"


async def test_what_is_sent_may_be_added_to_and_the_next_answer_is_as_it_was(
    services: Services,
) -> None:
    app = front_of(services)
    sent: list[list[tuple[bytes, bytes]]] = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            sent.append(list(message["headers"]))
            message["headers"].append((b"x-added", b"by somebody outside"))

    scope = {"type": "http", "method": "GET", "path": "/api/stats", "query_string": b"", "root_path": ""}
    for _ in range(3):
        await app({**scope, "headers": [(b"host", b"localhost")]}, None, send)  # type: ignore[arg-type]
    assert sent[0] == sent[1] == sent[2]


async def test_what_is_kept_is_told_only_under_known_names(services: Services) -> None:
    app = front_of(services, hosts=frozenset({"localhost"}))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
        assert (await http.get("/api/stats")).status_code == 200
        refused = await http.get("/api/stats", headers={"Host": "evil.example"})
    assert refused.status_code == 403
    assert looked_up(services, "/api/stats") == (0, 1)


async def test_an_answer_about_one_community_outlives_writes_of_others(
    http: httpx.AsyncClient, services: Services, db: Database
) -> None:
    await keep(db, subreddit(), subreddit(id="t5_2", name="Kettles"))
    for name in ("teapots", "kettles"):
        answer = await http.get(f"/api/subreddits/{name}")
        assert f"subpulse-subreddit:{name} subpulse-each_subreddit" in answer.headers["surrogate-key"]
    services.cache.invalidate("subreddit:t5_2")
    for name in ("teapots", "kettles"):
        await http.get(f"/api/subreddits/{name}")
    assert looked_up(services, "/api/subreddits/{name}") == (1, 3)


def test_an_edge_is_told_what_its_answers_carry_and_many_single_things_as_one(services: Services) -> None:
    table = table_of(services)
    assert table.surrogate_keys(("posts", "instagram", "key:stats:abc")) == {"subpulse-posts"}
    assert table.surrogate_keys(("subreddit:t5_1",)) == {"subpulse-subreddit:t5_1"}
    many = [f"subreddit:t5_{n}" for n in range(31)]
    assert table.surrogate_keys(["subreddits", *many]) == {"subpulse-subreddits", "subpulse-each_subreddit"}
    assert table.surrogate_keys(("subreddit:thé",)) == {"subpulse-subreddit:th%C3%A9"}, "a header holds ASCII"
    assert table.surrogate_keys(("namespace:/api/stats",)) == {"subpulse-subreddits", "subpulse-posts"}
    assert table.surrogate_keys(("namespace:/api/subreddits/{name}",)) == {"subpulse-each_subreddit"}
