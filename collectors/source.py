"""Open the sources that the settings name: Reddit, Arctic Shift, Instagram, or the sandbox inside this process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache

import httpx
from starlette.types import ASGIApp

from collectors.arctic_shift import ArcticShiftClient
from collectors.budget import Budget
from collectors.instagram import InstagramApp, InstagramClient
from collectors.reddit import RedditClient
from collectors.reddit_auth import RedditApp
from collectors.reuse import CountedTransport
from collectors.sandbox import sandbox_app, sandbox_token
from collectors.wire import open_http
from settings import Settings

SANDBOX_URL = "http://sandbox.invalid"
SANDBOX_USER_ID = "17841400000000000"
SANDBOX_WINDOW_REQUESTS = 6000  # in 600 s; between the 1,000 of most accounts and the 10,000 of one in 2025


@asynccontextmanager
async def open_source(settings: Settings, budget: Budget) -> AsyncIterator[RedditClient | ArcticShiftClient]:
    """A client of `settings.source`. Reddit's and the sandbox's are the same; only the transport differs."""
    async with open_http(_transport(settings, settings.source)) as http:
        if settings.source == "arctic_shift":
            yield ArcticShiftClient(
                http, budget, url=settings.arctic_shift_url, user_agent=settings.reddit_user_agent
            )
        else:
            yield RedditClient(http, _app(settings), budget)


@asynccontextmanager
async def open_instagram(settings: Settings) -> AsyncIterator[InstagramClient | None]:
    """A client of Instagram, None without a token; with the sandbox it is the sandbox's, never the real one."""
    if not settings.has_instagram:
        yield None
        return
    async with open_http(_transport(settings, "instagram")) as http:
        yield InstagramClient(http, _instagram_app(settings))


def _transport(settings: Settings, name: str) -> httpx.AsyncBaseTransport:
    if settings.source != "sandbox":
        return CountedTransport(name, httpx.AsyncHTTPTransport())
    app = _sandbox(settings.sandbox_seed, settings.sandbox_error_rate)
    return DistantTransport(app, settings.sandbox_latency_ms / 1000)


class DistantTransport(httpx.ASGITransport):
    """An app inside this process that takes its time, as a service on the network does."""

    def __init__(self, app: ASGIApp, latency_seconds: float) -> None:
        super().__init__(app)
        self.latency_seconds = latency_seconds

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(self.latency_seconds)
        return await super().handle_async_request(request)


@lru_cache(maxsize=1)
def _sandbox(seed: int, error_rate: float) -> ASGIApp:
    """One sandbox a process: like Reddit, it counts on when a client closes and another opens."""
    return sandbox_app(seed, error_rate, SANDBOX_WINDOW_REQUESTS)


def _instagram_app(settings: Settings) -> InstagramApp:
    if settings.source == "sandbox":
        return InstagramApp(SANDBOX_USER_ID, sandbox_token(), f"{SANDBOX_URL}/v25.0")
    return InstagramApp(
        settings.instagram_user_id or "", settings.instagram_access_token or "", settings.instagram_api_url
    )


def _app(settings: Settings) -> RedditApp:
    if settings.source == "reddit":
        return RedditApp(
            client_id=settings.reddit_client_id or "",
            client_secret=settings.reddit_client_secret or "",
            user_agent=settings.reddit_user_agent,
            api_url=settings.reddit_api_url,
            token_url=settings.reddit_token_url,
        )
    return RedditApp(
        client_id="sandbox",
        client_secret="sandbox",
        user_agent=settings.reddit_user_agent,
        api_url=SANDBOX_URL,
        token_url=f"{SANDBOX_URL}/api/v1/access_token",
    )
