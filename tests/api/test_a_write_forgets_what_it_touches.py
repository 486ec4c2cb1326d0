from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from api.services import Services
from db import categories, subreddits, written
from db.categories import Decision
from db.database import Database
from tests.factories import post, subreddit
from tests.stored import keep, keep_posts
from tests.waiting import beside, until

KETTLES = subreddit(id="t5_2", name="Kettles")


@pytest.fixture(autouse=True)
async def listening(services: Services, db: Database) -> AsyncIterator[None]:
    cache, gaps = services.cache, list[None]()

    def on_gap() -> None:
        cache.gap()
        gaps.append(None)

    async with beside(written.listen(db, cache.hear, on_gap, cache.hearing.extend)):
        await until(lambda: gaps)
        yield


async def heard(services: Services, db: Database) -> None:
    """Return when all that was written until now has been heard."""
    before = services.cache.namespaces["stats"].counters.invalidations
    await written.clear(db, "namespace:stats")
    await until(lambda: services.cache.namespaces["stats"].counters.invalidations > before)


async def misses_of(http: httpx.AsyncClient, services: Services, *names: str) -> list[str]:
    """Which of these communities had to be asked of PostgreSQL."""
    counters, missed = services.cache.namespaces["subreddit"].counters, []
    for name in names:
        before = counters.misses
        await http.get(f"/api/subreddits/{name}")
        if counters.misses > before:
            missed.append(name)
    return missed


async def test_each_write_forgets_the_communities_that_it_touches_and_no_other(
    http: httpx.AsyncClient, services: Services, db: Database
) -> None:
    first = subreddit()
    await keep(db, first, KETTLES)
    await heard(services, db)
    names = (first.name, KETTLES.name)
    assert await misses_of(http, services, *names) == [*names]
    assert await misses_of(http, services, *names) == []

    async def decide() -> None:
        decision = Decision(first.id, "food", 0.9, None, "words", "v1", [])
        async with db.transaction() as session:
            await categories.decide(session, [decision])

    async def refuse() -> None:
        async with db.transaction() as session:
            await subreddits.set_state(session, [first.id], "refused", "private", timedelta(hours=1))

    async def ask_later() -> None:
        async with db.transaction() as session:
            await subreddits.ask_later(session, [first.id], timedelta(hours=1))

    async def collect() -> None:
        async with db.transaction() as session:
            at = first.created_at or KETTLES.created_at
            assert at is not None
            await subreddits.posts_collected(session, [first.id], [1.0], [timedelta(hours=1)], at)

    for write in (
        lambda: keep(db, first),
        lambda: keep_posts(db, post()),
        decide,
        refuse,
        ask_later,
        collect,
    ):
        await heard(services, db)
        await misses_of(http, services, *names)
        await write()
        await heard(services, db)
        assert await misses_of(http, services, *names) == [first.name]


async def test_a_community_that_was_not_there_is_found_once_it_is(
    http: httpx.AsyncClient, services: Services, db: Database
) -> None:
    for _ in range(2):
        assert (await http.get("/api/subreddits/kettles")).status_code == 404
    assert services.cache.namespaces["subreddit"].counters.negative_hits == 1
    await keep(db, KETTLES)
    await heard(services, db)
    assert (await http.get("/api/subreddits/kettles")).status_code == 200


async def test_a_name_that_is_reborn_under_another_id_is_the_other_community_at_once(
    http: httpx.AsyncClient, services: Services, db: Database
) -> None:
    await keep(db, KETTLES)
    await heard(services, db)
    assert (await http.get("/api/subreddits/kettles")).json()["id"] == "t5_2"
    await keep(db, subreddit(id="t5_3", name="kettles"))
    await heard(services, db)
    assert (await http.get("/api/subreddits/kettles")).json()["id"] == "t5_3"


async def test_a_write_of_very_many_communities_forgets_each(
    http: httpx.AsyncClient, services: Services, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep(db, subreddit(), KETTLES)
    await heard(services, db)
    await misses_of(http, services, "kettles")
    monkeypatch.setattr(written, "MOST_NAMED", 1)
    await keep(db, subreddit(id="t5_8", name="Eight"), subreddit(id="t5_9", name="Nine"))
    await heard(services, db)
    assert await misses_of(http, services, "kettles") == ["kettles"]
