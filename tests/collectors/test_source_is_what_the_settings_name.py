"""One door to the data: Reddit or the sandbox, by the settings."""

import asyncio

import pytest

from collectors.budget import LocalBudget, RateLimit
from collectors.outcome import Alive
from collectors.source import _transport, open_source
from settings import Settings


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("SUBPULSE_SOURCE", "sandbox")
    monkeypatch.setenv("SANDBOX_ERROR_RATE", "0")
    monkeypatch.setenv("SANDBOX_LATENCY_MS", "0")
    return Settings()


async def test_the_sandbox_answers_without_credentials(settings: Settings) -> None:
    async with open_source(settings, LocalBudget()) as client:
        outcome = await client.listing("/subreddits/popular", limit=5)
    assert isinstance(outcome, Alive)
    assert len(outcome.value.subreddits) == 5


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


def test_one_sandbox_counts_on_for_all_clients_of_a_process(settings: Settings) -> None:
    assert _transport(settings).app is _transport(settings).app
