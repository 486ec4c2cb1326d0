import httpx
import pytest

from db import subreddits
from db.database import Database
from jobs import discover_subreddits
from jobs.context import Context
from jobs.job import SourceFailed
from tests.jobs.sources import Answer, client_of
from tests.stored import sql


async def test_the_sandboxs_communities_are_found(db: Database, context: Context) -> None:
    seen = await discover_subreddits.run(context)
    total = (await subreddits.totals(db))["subreddits"]
    assert seen >= total > 1000
    assert await sql(db, "SELECT count(DISTINCT lower(name)) FROM subreddits") == [(total,)]


async def test_finding_them_again_adds_nothing(
    db: Database, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discover_subreddits, "PAGES_PER_LISTING", 1)
    first = await discover_subreddits.run(context)
    total = (await subreddits.totals(db))["subreddits"]
    assert await discover_subreddits.run(context) == first
    assert (await subreddits.totals(db))["subreddits"] == total


def listing(path: str, after: str | None = None) -> httpx.Response:
    community = {"name": f"t5_{path[-3:]}", "display_name": path[-3:]}
    profile = {"name": f"t5_u{path[-3:]}", "display_name": f"u_{path[-3:]}", "subreddit_type": "user"}
    things = [{"kind": "t5", "data": data} for data in (community, profile)]
    return httpx.Response(200, json={"kind": "Listing", "data": {"after": after, "children": things}})


async def test_profiles_are_left_out(db: Database, context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "reddit", client_of(lambda request: listing(request.url.path)))
    assert await discover_subreddits.run(context) == 3
    assert await sql(db, "SELECT count(*) FROM subreddits WHERE name LIKE 'u%%'") == [(1,)], "r/ult alone"


async def test_a_listing_that_breaks_off_costs_only_its_rest(
    db: Database, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if "after" in request.url.params:
            return httpx.Response(500)
        return listing(request.url.path, after="t5_more")

    monkeypatch.setattr(context, "reddit", client_of(answer))
    assert await discover_subreddits.run(context) == 3
    assert await sql(db, "SELECT name FROM subreddits ORDER BY name") == [("lar",), ("new",), ("ult",)]


@pytest.mark.parametrize("status", [403, 500])
async def test_when_no_listing_gives_anything_the_run_fails(
    context: Context, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(context, "reddit", client_of(Answer(status)))
    with pytest.raises(SourceFailed, match=r"unknown|refused"):
        await discover_subreddits.run(context)
