"""One door to the data: Reddit, Arctic Shift or the sandbox, by the settings."""

import asyncio

import httpx
import pytest

from collectors.arctic_shift import ArcticShiftClient
from collectors.budget import LocalBudget, RateLimit
from collectors.outcome import Alive
from collectors.reddit import RedditClient
from collectors.source import _transport, open_source
from collectors.wire import open_http
from settings import Settings
from tests.collectors.archives import Archive, data, post_row


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("SUBPULSE_SOURCE", "sandbox")
    monkeypatch.setenv("SANDBOX_ERROR_RATE", "0")
    monkeypatch.setenv("SANDBOX_LATENCY_MS", "0")
    return Settings()


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch) -> Archive:
    """What stands where the network would be."""
    archive = Archive([data(post_row())])
    monkeypatch.setattr(
        httpx, "AsyncHTTPTransport", lambda: httpx.MockTransport(lambda request: archive._answer(request))
    )
    return archive


async def test_the_sandbox_answers_without_credentials(settings: Settings) -> None:
    async with open_source(settings, LocalBudget()) as client:
        outcome = await anext(client.discover([]))
    assert isinstance(client, RedditClient)
    assert isinstance(outcome, Alive)
    assert len(outcome.value.subreddits) == 100


async def test_the_budget_learns_from_the_sandbox(settings: Settings) -> None:
    reported: list[RateLimit] = []

    class Listening(LocalBudget):
        async def report(self, rate: RateLimit) -> None:
            reported.append(rate)

    async with open_source(settings, Listening()) as client:
        await client.about("SourdoughNook")
        await client.about("SourdoughNook")
    assert len(reported) == 2


async def test_the_sandbox_takes_as_long_as_the_settings_say(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    slow = settings.model_copy(update={"sandbox_latency_ms": 120.0})
    async with open_source(slow, LocalBudget()) as client:
        await client.about("SourdoughNook")
    assert slept == [0.12, 0.12]  # the token, then the answer


async def test_arctic_shift_needs_no_credentials(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUBPULSE_SOURCE", "arctic_shift")
    monkeypatch.setenv("REDDIT_USER_AGENT", "python:somebody:1")
    monkeypatch.setenv("ARCTIC_SHIFT_URL", "http://archive.test")
    async with open_source(Settings(), LocalBudget()) as client:
        assert isinstance(client, ArcticShiftClient)
        outcome = await client.posts(["t3_abc"])
    assert isinstance(outcome, Alive)
    (request,) = archive.requests
    assert (request.url.host, request.headers["user-agent"]) == ("archive.test", "python:somebody:1")


def test_one_sandbox_counts_on_for_all_clients_of_a_process(settings: Settings) -> None:
    assert _transport(settings, "sandbox").app is _transport(settings, "sandbox").app


async def test_no_cookies_are_kept() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, headers={"set-cookie": "loid=1; Path=/; Domain=api.test"})

    async with open_http(httpx.MockTransport(answer)) as http:
        for _ in range(2):
            await http.get("http://api.test/")
    assert "cookie" not in asked[1].headers
