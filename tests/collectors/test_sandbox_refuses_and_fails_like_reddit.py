"""Refusals, tokens, the rate limit and the troubles of the sandbox, as the client sees them."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from collectors.budget import LocalBudget, RateLimit
from collectors.outcome import Alive, Outcome, Refused
from collectors.reddit import RedditClient
from collectors.sandbox import sandbox_app
from collectors.sandbox.tokens import TOKEN_PATH
from collectors.wire import send
from tests.collectors.replies import APP

NOW = 1_795_460_123.0
Http = Callable[[Any], httpx.AsyncClient]


async def no_sleep(seconds: float) -> None:
    """Pass the time at once."""


def client_of(app: Any) -> RedditClient:
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app))
    its = type(APP)("id", "secret", "tests", "http://api.test", f"http://api.test{TOKEN_PATH}")
    return RedditClient(http, its, LocalBudget(), sleep=no_sleep)


def word(outcome: Outcome[Any]) -> str:
    return "alive" if isinstance(outcome, Alive) else outcome.reason


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("SandboxPrivate", "private"),
        ("sandboxbanned", "banned"),
        ("SandboxQuarantined", "quarantined"),
        ("SandboxGated", "gated"),
        ("SandboxMissing", "missing"),
    ],
)
async def test_some_names_are_refused(name: str, reason: str) -> None:
    client = client_of(sandbox_app(7))
    outcomes = [await client.about(name), await client.listing(f"/r/{name}/new")]
    assert [word(outcome) for outcome in outcomes] == [reason, reason]
    assert all(isinstance(outcome, Refused) for outcome in outcomes)


async def test_private_communities_leave_their_numbers_null() -> None:
    outcome = await client_of(sandbox_app(7)).metadata_by_name(["SandboxPrivate", "SandboxBanned"])
    assert isinstance(outcome, Alive)
    (private,) = outcome.value.subreddits
    assert (private.over18, private.subscribers, private.lang) == (None, None, None)
    assert outcome.value.missing == ("SandboxBanned",)


@pytest.mark.parametrize("path", ["/nothing/here", "/comments/zzzzzz", "/subreddits/odd"])
async def test_an_unknown_path_is_not_found(sandbox_http: Http, path: str) -> None:
    response = await sandbox_http(sandbox_app(7)).get(path)
    assert response.status_code == 404
    assert response.json() == {"message": "Not Found", "error": 404}


@pytest.mark.parametrize("token", ["", "bearer other", "bearer sandbox-1", "basic sandbox-99999999999"])
async def test_a_request_without_a_valid_token_is_unauthorized(sandbox_http: Http, token: str) -> None:
    response = await sandbox_http(sandbox_app(7)).get("/r/all/new", headers={"authorization": token})
    assert response.status_code == 401


async def test_an_unknown_grant_fails_with_status_200(sandbox_http: Http) -> None:
    http = sandbox_http(sandbox_app(7))
    basic = {"authorization": "Basic aTpz"}
    for grant in ("client_credentials", "password", "https://oauth.reddit.com/grants/installed_client"):
        given = await http.post(TOKEN_PATH, data={"grant_type": grant}, headers=basic)
        assert given.json()["expires_in"] == 86_400
    failed = await http.post(TOKEN_PATH, data={"grant_type": "magic"}, headers=basic)
    assert (failed.status_code, failed.json()) == (200, {"error": "unsupported_grant_type"})


async def test_the_headers_count_down_and_then_it_answers_429(sandbox_http: Http) -> None:
    now = NOW
    http = sandbox_http(sandbox_app(7, window_limit=3, clock=lambda: now))
    answers = [await http.get("/r/all/new?limit=1") for _ in range(4)]
    rates = [RateLimit.from_headers(answer.headers) for answer in answers]
    assert rates == [RateLimit(used, 3.0 - used, 277.0) for used in (1, 2, 3)] + [None]
    assert answers[0].headers["x-ratelimit-remaining"] == "2.0"
    assert (answers[3].status_code, answers[3].headers["retry-after"]) == (429, "277")
    now += 277
    assert (await http.get("/r/all/new?limit=1")).status_code == 200


async def test_troubles_come_at_their_rate_and_none_is_unexpected(sandbox_http: Http) -> None:
    http = sandbox_http(sandbox_app(7, error_rate=0.2, window_limit=10_000, clock=lambda: NOW))
    request = http.build_request("GET", "/r/SourdoughNook/new")
    counts = Counter([word((await send(http, request)).outcome) for _ in range(400)])
    print("\nat error rate 0.2:", dict(counts))
    assert set(counts) == {"alive", "server_error", "blocked", "throttled", "bad_body"}
    assert 50 < counts.total() - counts["alive"] < 110


async def test_the_same_requests_meet_the_same_troubles(sandbox_http: Http) -> None:
    runs = []
    for _ in range(2):
        http = sandbox_http(sandbox_app(7, error_rate=0.5, clock=lambda: NOW))
        runs.append([(await http.get("/r/SourdoughNook/new")).status_code for _ in range(50)])
    assert runs[0] == runs[1]
    assert len(set(runs[0])) > 3


async def test_a_client_gets_through_most_troubles() -> None:
    client = client_of(sandbox_app(7, error_rate=0.2))
    for _ in range(100):
        await client.about("SourdoughNook")
    assert client.tally["alive"] > 85
    assert client.tally["refused"] == 0
    assert client.tally["alive"] + client.tally["unknown"] == 100
