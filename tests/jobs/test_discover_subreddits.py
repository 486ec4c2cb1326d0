import httpx
import pytest

from categorization.taxonomy import load_taxonomy
from collectors.outcome import Refused, Unknown
from collectors.sandbox import listings
from collectors.sandbox.world import world
from db import rounds, subreddits
from db.database import Database
from jobs import discover_subreddits
from jobs.context import Context
from jobs.discover_subreddits import ROUND, search_words
from jobs.job import SourceFailed
from tests.factories import subreddit
from tests.jobs.sources import Answer, client_of
from tests.jobs.told import ToldSource
from tests.stored import sql


async def test_the_sandboxs_communities_are_found(db: Database, context: Context) -> None:
    seen = await discover_subreddits.run(context)
    total = (await subreddits.totals(db))["subreddits"]
    assert seen == total > 1500
    assert await sql(db, "SELECT count(DISTINCT lower(name)) FROM subreddits") == [(total,)]


async def test_some_hundred_words_find_nearly_all_that_can_be_found(context: Context) -> None:
    every = world(context.settings.sandbox_seed)
    now = 1_795_000_000.0
    listed = {one.id for one in listings.by_size(every, now)}
    found = {one.id for one in listings.by_size(every, now)[:1000]}
    for word in search_words(load_taxonomy())[:200]:
        found |= {one.id for one in listings.matching(every, word, now)[:1000]}
    assert len(found) > 0.93 * len(listed)


async def test_each_run_searches_for_the_next_words_and_the_round_begins_anew(
    db: Database, context: Context
) -> None:
    words = search_words(load_taxonomy())
    context.source = source = ToldSource([subreddit()])
    await discover_subreddits.run(context)
    await discover_subreddits.run(context)
    searched = [word for (word,) in source.calls("search")]
    assert searched == words[: len(searched)]
    assert len(searched) == 40, "twenty a run: a tenth of 900 requests, less the listings, three a word"
    await rounds.move(db, ROUND, words[-1])
    await discover_subreddits.run(context)
    assert source.calls("search")[40] == (words[0],)


async def test_finding_them_again_adds_nothing(db: Database, context: Context) -> None:
    context.source = ToldSource(subreddit(id=f"t5_{n}", name=f"Tea{n}") for n in range(30))
    assert await discover_subreddits.run(context) == 30
    assert await discover_subreddits.run(context) == 30
    assert (await subreddits.totals(db))["subreddits"] == 30


async def test_profiles_are_left_out(db: Database, context: Context) -> None:
    context.source = ToldSource([subreddit(), subreddit(id="t5_u", name="u_kettle", type="user")])
    assert await discover_subreddits.run(context) == 1
    assert await sql(db, "SELECT name FROM subreddits") == [("Teapots",)]


async def test_a_search_that_fails_costs_only_itself(db: Database, context: Context) -> None:
    context.source = source = ToldSource([subreddit()])
    first = search_words(load_taxonomy())[0]
    source.fails[first] = Unknown("server_error", "told so")
    assert await discover_subreddits.run(context) == 1
    assert len(source.calls("search")) == 20


async def test_once_the_source_turns_us_away_no_more_is_asked_and_the_words_come_again(
    db: Database, context: Context
) -> None:
    context.source = source = ToldSource([subreddit()])
    source.fails[search_words(load_taxonomy())[3]] = Unknown("blocked", "whoa there")
    assert await discover_subreddits.run(context) == 1
    assert len(source.calls("search")) == 4
    assert await rounds.position(db, ROUND) == ""


async def test_a_listing_that_breaks_off_costs_only_its_rest(db: Database, context: Context) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if "after" in request.url.params:
            return httpx.Response(500)
        one = {"name": f"t5_{request.url.path[-3:]}", "display_name": request.url.path[-3:]}
        listing = {"after": "t5_more", "children": [{"kind": "t5", "data": one}]}
        return httpx.Response(200, json={"kind": "Listing", "data": listing})

    context.source = client_of(answer)
    assert await discover_subreddits.run(context) == 4
    names = await sql(db, "SELECT name FROM subreddits ORDER BY name")
    assert names == [("lar",), ("new",), ("rch",), ("ult",)], "of popular, new, search and default"


@pytest.mark.parametrize("status", [403, 500])
async def test_when_no_listing_gives_anything_the_run_fails(context: Context, status: int) -> None:
    context.source = client_of(Answer(status))
    with pytest.raises(SourceFailed, match=r"unknown|refused"):
        await discover_subreddits.run(context)


async def test_a_refusal_of_our_credentials_fails_the_run(context: Context) -> None:
    context.source = source = ToldSource()
    source.down = Refused("unauthorized", "told so")
    with pytest.raises(SourceFailed, match="unauthorized"):
        await discover_subreddits.run(context)
    assert len(source.asked) == 1
