"""One door to the data: Reddit or the sandbox, by the settings."""

import pytest

from collectors.budget import LocalBudget
from collectors.outcome import Alive
from collectors.source import _transport, open_source
from settings import Settings


async def test_the_sandbox_answers_without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_ERROR_RATE", "0")
    monkeypatch.setenv("SUBPULSE_SOURCE", "sandbox")
    async with open_source(Settings(), LocalBudget()) as client:
        outcome = await client.listing("/subreddits/popular", limit=5)
    assert isinstance(outcome, Alive)
    assert len(outcome.value.subreddits) == 5


async def test_the_budget_learns_from_the_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_ERROR_RATE", "0")
    monkeypatch.setenv("SUBPULSE_SOURCE", "sandbox")
    reported = []

    class Listening(LocalBudget):
        async def report(self, rate: object) -> None:
            reported.append(rate)

    async with open_source(Settings(), Listening()) as client:
        await client.about("SourdoughNook")
        await client.about("SourdoughNook")
    assert len(reported) == 2


async def test_one_sandbox_counts_on_for_all_clients_of_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUBPULSE_SOURCE", "sandbox")
    assert _transport(Settings()).app is _transport(Settings()).app
