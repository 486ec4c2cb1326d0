import httpx

from api.services import Services
from db import written
from db.database import Database
from tests.factories import subreddit
from tests.stored import keep
from tests.waiting import beside, until


async def test_the_second_answer_comes_from_the_cache(http: httpx.AsyncClient, services: Services) -> None:
    services.db.recorder.drain()
    first, second = await http.get("/api/stats"), await http.get("/api/stats")
    assert first.content == second.content
    costs = services.db.recorder.drain().together
    assert [(name, cost.calls) for (name, _), cost in costs.items()] == [("subreddits.stats", 1)]
    (row,) = (row for row in services.cache.stats() if row["namespace"] == "/api/stats")
    assert (row["hits"], row["misses"], row["hit_rate"]) == (1, 1, 50)


async def test_a_write_by_any_process_makes_the_next_answer_new(
    http: httpx.AsyncClient, services: Services, db: Database
) -> None:
    gaps: list[None] = []
    cache = services.cache

    def on_gap() -> None:
        cache.invalidate("*")
        gaps.append(None)

    async with beside(written.listen(db, cache.hear, on_gap)):
        await until(lambda: gaps)
        assert (await http.get("/api/stats")).json()["communities"] == 0
        assert (await http.get("/api/subreddits")).json()["items"] == []
        before = services.subreddits.counters.invalidations
        await keep(db, subreddit())
        await until(lambda: services.subreddits.counters.invalidations > before)
        assert (await http.get("/api/stats")).json()["communities"] == 1
        assert len((await http.get("/api/subreddits")).json()["items"]) == 1


async def test_different_questions_have_answers_of_their_own(
    http: httpx.AsyncClient, services: Services, db: Database
) -> None:
    await keep(db, subreddit(), subreddit(id="t5_2", name="Kettles", over18=True, subscribers=5))

    def computed() -> int:
        namespaces = [services.cache.namespaces[name] for name in ("subreddits", "subreddit")]
        return sum(one.counters.misses for one in namespaces)

    paths = (
        "",
        "?limit=1",
        "?over18=true",
        "?q=kett",
        "?min_subscribers=6",
        "?sort=name",
        "/teapots",
        "/kettles",
    )
    answers = {path: (await http.get(f"/api/subreddits{path}")).content for path in paths}
    assert len(set(answers.values())) == 7, "only ?over18=true and ?q=kett find the same"
    assert computed() == 8
    for path, answer in answers.items():
        assert (await http.get(f"/api/subreddits{path}")).content == answer
    assert computed() == 8
