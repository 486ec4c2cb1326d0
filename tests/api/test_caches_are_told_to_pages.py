"""What the Cache page is handed by the process, on a real database and real answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
import pytest

from api.caches import Caches
from api.responses.coded import coded
from api.responses.table import Table
from api.services import Services
from db import written
from tests.api.conftest import front_of, table_of
from tests.factories import subreddit
from tests.stored import keep


@pytest.fixture
def table(services: Services) -> Table:
    return table_of(services)


@pytest.fixture
async def caches(services: Services, table: Table) -> AsyncIterator[Caches]:
    """Hears of writes, as the process does."""
    hears = asyncio.Event()
    cache = services.cache

    def alive(asked_at: float) -> None:
        cache.hearing.extend(asked_at)
        hears.set()

    listening = asyncio.create_task(written.listen(services.db, cache.hear, cache.gap, alive))
    await asyncio.wait_for(hears.wait(), 10)
    yield Caches(services, table)
    listening.cancel()
    with suppress(asyncio.CancelledError):
        await listening


@pytest.fixture
async def asked(services: Services, table: Table, caches: Caches) -> None:
    """`/api/stats` three times and one page of communities twice, in two codings."""
    await keep(services.db, *(subreddit(id=f"t5_{number}", name=f"N{number}") for number in range(30)))
    await caches.clear("settled")  # words come in their order, so all before it has been heard
    transport = httpx.ASGITransport(front_of(services, table=table))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        for _ in range(3):
            await http.get("/api/stats", headers={"accept-encoding": "identity"})
        for coding in ("zstd", "zstd", "identity"):
            await http.get("/api/subreddits", headers={"accept-encoding": coding})


@pytest.mark.usefixtures("asked")
async def test_namespaces_come_with_their_tags_and_the_pool_with_its_use(caches: Caches) -> None:
    told = await caches.told()
    by_name = {one["namespace"]: one for one in told["namespaces"]}
    assert by_name["/api/stats"]["tags"] == ("subreddits", "posts")
    assert (by_name["/api/stats"]["hits"], by_name["/api/stats"]["misses"]) == (2, 1)
    assert (told["hears"], told["level"], told["server"], told["edges"]) == (True, None, None, [])
    assert told["pool"].use.handed_out > 0
    assert caches.findings(told["namespaces"], told) == []


@pytest.mark.usefixtures("asked")
async def test_what_compressing_saves_is_told_by_coding(caches: Caches, table: Table) -> None:
    rows = {row["coding"]: row for row in coded(table)}
    assert set(rows) == {"zstd", "identity"}
    assert (rows["zstd"]["answers"], rows["zstd"]["hits"]) == (1, 1)
    assert rows["zstd"]["bytes"] < rows["zstd"]["plain_bytes"] / 2
    assert rows["identity"]["bytes"] == rows["identity"]["plain_bytes"]
    assert (await caches.told())["codings"] == coded(table)


@pytest.mark.usefixtures("asked")
async def test_a_key_a_namespace_a_tag_and_everything_are_cleared_by_a_word_that_all_hear(
    caches: Caches, services: Services
) -> None:
    namespaces = services.cache.namespaces
    keys = [row["key"] for row in await caches.top_keys("/api/subreddits")]
    assert keys == ["/api/subreddits in zstd"]
    assert await caches.clear_key("/api/subreddits", keys[0]) == 1
    assert namespaces["/api/subreddits"].items == 1
    assert await caches.clear_namespace("/api/subreddits") == 1
    assert namespaces["subreddits"].items == 1
    assert await caches.clear("subreddits") == 3, "that page, and the statistics twice"
    assert await caches.clear_all() == 0
    assert namespaces["/api/stats"].stats()["forgotten_by_hand"] == 0
