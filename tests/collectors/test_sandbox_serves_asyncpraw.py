"""A client that others wrote reads the sandbox over loopback as it reads Reddit."""

import socket
import threading
from collections.abc import Iterator

import asyncpraw
import asyncprawcore
import pytest
import uvicorn

from collectors.sandbox import sandbox_app

# asyncprawcore's business, not ours.
pytestmark = pytest.mark.filterwarnings(
    "ignore:BasicAuth is deprecated:DeprecationWarning",
    "ignore:The .auth. parameter is deprecated:DeprecationWarning",
)


@pytest.fixture(scope="module")
def sandbox_url() -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(sandbox_app(7), log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)
    listener.close()


def reddit_at(url: str) -> asyncpraw.Reddit:
    return asyncpraw.Reddit(
        client_id="any",
        client_secret="any",
        user_agent="subpulse tests",
        reddit_url=url,
        oauth_url=url,
        check_for_updates=False,
    )


async def test_it_pages_beyond_a_hundred_posts(sandbox_url: str) -> None:
    async with reddit_at(sandbox_url) as reddit:
        subreddit = await reddit.subreddit("all")
        ids = [post.id async for post in subreddit.new(limit=250)]
    assert len(set(ids)) == 250


async def test_it_reads_a_subreddits_metadata(sandbox_url: str) -> None:
    async with reddit_at(sandbox_url) as reddit:
        subreddit = await reddit.subreddit("sourdoughnook", fetch=True)
        rules = [rule.short_name async for rule in subreddit.rules]
    assert subreddit.display_name == "SourdoughNook"
    assert subreddit.subscribers > 0
    assert rules[0] == "Stay on topic"


async def test_it_lists_and_finds_communities(sandbox_url: str) -> None:
    async with reddit_at(sandbox_url) as reddit:
        popular = [one.display_name async for one in reddit.subreddits.popular(limit=120)]
        found = [one.display_name async for one in reddit.subreddits.search("sourdough", limit=5)]
        known = [one.fullname async for one in reddit.info(subreddits=["SourdoughNook", "NoSuchPlace"])]
    assert len(set(popular)) == 120
    assert len(found) == 5
    assert len(known) == 1


async def test_it_reads_one_post(sandbox_url: str) -> None:
    async with reddit_at(sandbox_url) as reddit:
        subreddit = await reddit.subreddit("SourdoughNook")
        (newest,) = [post async for post in subreddit.new(limit=1)]
        again = await reddit.submission(newest.id)
    assert again.title == newest.title


async def test_it_meets_refusals_as_from_reddit(sandbox_url: str) -> None:
    async with reddit_at(sandbox_url) as reddit:
        with pytest.raises(asyncprawcore.exceptions.Forbidden):
            await reddit.subreddit("SandboxPrivate", fetch=True)
        with pytest.raises(asyncprawcore.exceptions.Redirect):
            await reddit.subreddit("SandboxMissing", fetch=True)
