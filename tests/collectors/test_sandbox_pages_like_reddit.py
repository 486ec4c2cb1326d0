"""Listings of the sandbox: limits, depth, order, and the shapes of its things."""

from collections.abc import AsyncIterator

import httpx
import pytest

from collectors.budget import LocalBudget
from collectors.outcome import Alive
from collectors.reddit import RedditClient
from collectors.sandbox import sandbox_app
from collectors.sandbox.tokens import TOKEN_PATH
from tests.collectors.replies import APP

NOW = 1_795_460_000.0
BUSY = "/r/all/new"


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    app = sandbox_app(7, clock=lambda: NOW)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api.test") as opened:
        yield opened


@pytest.fixture
def client(http: httpx.AsyncClient) -> RedditClient:
    app = type(APP)("id", "secret", "tests", "http://api.test", f"http://api.test{TOKEN_PATH}")
    return RedditClient(http, app, LocalBudget())


@pytest.mark.parametrize(
    ("limit", "items"), [("", 25), ("0", 1), ("7", 7), ("1024", 100), ("x", 25), ("-5", 25)]
)
async def test_limits_are_clamped(http: httpx.AsyncClient, limit: str, items: int) -> None:
    http.headers["authorization"] = "bearer sandbox-99999999999"
    page = (await http.get(BUSY, params={"limit": limit})).json()
    assert len(page["data"]["children"]) == page["data"]["dist"] == items


@pytest.mark.parametrize("order", ["new", "hot", "top", "rising"])
async def test_a_listing_ends_near_a_thousand_without_repeating(client: RedditClient, order: str) -> None:
    pages = [outcome async for outcome in client.pages(f"/r/all/{order}", 20, params={"t": "all"})]
    posts = [post for page in pages if isinstance(page, Alive) for post in page.value.posts]
    assert len(posts) == len({post.id for post in posts}) == 1000
    assert sum(page.value.skipped for page in pages if isinstance(page, Alive)) == 0


async def test_new_is_newest_first_within_90_days(client: RedditClient) -> None:
    pages = [outcome async for outcome in client.pages("/r/SourdoughNook/new", 20)]
    times = [
        post.created_at.timestamp() for page in pages if isinstance(page, Alive) for post in page.value.posts
    ]
    assert times == sorted(times, reverse=True)
    assert times[0] <= NOW
    assert times[-1] > NOW - 90 * 86_400


async def test_top_is_by_score(client: RedditClient) -> None:
    outcome = await client.listing("/r/SourdoughNook/top", params={"t": "month"})
    assert isinstance(outcome, Alive)
    scores = [post.score for post in outcome.value.posts]
    assert scores == sorted(scores, reverse=True)


async def test_several_communities_come_in_one_listing(client: RedditClient) -> None:
    outcome = await client.listing("/r/SourdoughNook+SourdoughLoft+NoSuchPlace/new")
    assert isinstance(outcome, Alive)
    assert {post.subreddit for post in outcome.value.posts} == {"SourdoughNook", "SourdoughLoft"}


async def test_posts_carry_their_community_and_its_size(client: RedditClient) -> None:
    about = await client.about("sourdoughnook")
    outcome = await client.listing("/r/SourdoughNook/new")
    assert isinstance(about, Alive)
    assert isinstance(outcome, Alive)
    for post in outcome.value.posts:
        assert (post.subreddit, post.subreddit_id) == (about.value.name, about.value.id)
        assert post.subreddit_subscribers == about.value.subscribers


async def test_all_communities_can_be_paged_through(client: RedditClient) -> None:
    pages = [outcome async for outcome in client.pages("/subreddits/popular", 50)]
    names = [one.name for page in pages if isinstance(page, Alive) for one in page.value.subreddits]
    assert len(names) == len(set(names)) > 2_000


async def test_a_hundred_communities_come_by_id_or_name(client: RedditClient) -> None:
    popular = await client.listing("/subreddits/popular")
    assert isinstance(popular, Alive)
    by_id = await client.metadata([one.id for one in popular.value.subreddits])
    by_name = await client.metadata_by_name([one.name.upper() for one in popular.value.subreddits])
    assert isinstance(by_id, Alive)
    assert isinstance(by_name, Alive)
    assert by_id.value.subreddits == by_name.value.subreddits == popular.value.subreddits


async def test_the_search_finds_communities_by_topic(client: RedditClient) -> None:
    outcome = await client.listing("/subreddits/search", params={"q": "sourdough"})
    assert isinstance(outcome, Alive)
    assert all(
        "sourdough" in f"{one.name} {one.title} {one.description}".lower() for one in outcome.value.subreddits
    )
    assert len(outcome.value.items) >= 8


async def test_a_post_is_found_again_by_its_id(http: httpx.AsyncClient) -> None:
    http.headers["authorization"] = "bearer sandbox-99999999999"
    first = (await http.get("/r/SourdoughNook/new.json")).json()["data"]["children"][0]
    found = (await http.get("/api/info/", params={"id": f"{first['data']['name']},t3_zzz,t5_1,x"})).json()
    assert found["data"]["children"] == [first]
    assert (await http.get(f"/comments/{first['data']['id']}/")).json()[0]["data"]["children"] == [first]


async def test_without_raw_json_text_comes_escaped(http: httpx.AsyncClient) -> None:
    http.headers["authorization"] = "bearer sandbox-99999999999"
    escaped = (await http.get("/r/all/new", params={"limit": "100"})).text
    raw = (await http.get("/r/all/new", params={"limit": "100", "raw_json": "1"})).text
    assert "&amp;" in escaped
    assert "&amp;" not in raw
    assert escaped.replace("&amp;", "&") == raw
