"""Retries: which failures, how often, after how long."""

import httpx
import pytest

from collectors.outcome import Alive, Refused, Unknown, tries
from tests.collectors.replies import Script, listing, reply, t3, t5


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 520, 522])
async def test_what_may_pass_is_tried_three_times(status: int) -> None:
    script = Script([reply(status, "")])
    outcome = await script.client().about("a_place")
    assert isinstance(outcome, Unknown)
    assert len(script.requests) == tries(status) == 3
    assert len(script.slept) == 2


@pytest.mark.parametrize("status", [400, 403, 404, 451, 501])
async def test_what_will_not_pass_is_asked_once(status: int) -> None:
    script = Script([reply(status, "")])
    await script.client().about("a_place")
    assert len(script.requests) == tries(status) == 1
    assert script.slept == []


async def test_a_second_try_that_works_is_alive() -> None:
    script = Script([reply(503, ""), reply(value=t5())])
    assert isinstance(await script.client().about("a_place"), Alive)
    assert 1.0 <= script.slept[0] <= 1.5


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (httpx.ConnectError("refused"), "network"),
        (httpx.RemoteProtocolError("cut"), "network"),
        (httpx.ReadTimeout("slow"), "timeout"),
    ],
)
async def test_a_broken_connection_is_tried_again_and_says_nothing(error: Exception, reason: str) -> None:
    script = Script([error])
    outcome = await script.client().about("a_place")
    assert isinstance(outcome, Unknown)
    assert outcome.reason == reason
    assert len(script.requests) == 3


async def test_a_429_waits_as_long_as_it_says_and_not_for_ever() -> None:
    script = Script([reply(429, "<html>", retry_after="4")])
    outcome = await script.client().about("a_place")
    assert outcome == Unknown("throttled", "HTTP 429", 4.0, b"<html>")
    assert script.slept == [4.0, 4.0]


async def test_a_long_wait_is_left_to_the_caller() -> None:
    script = Script([reply(429, "", retry_after="500")])
    outcome = await script.client().about("a_place")
    assert isinstance(outcome, Unknown)
    assert outcome.retry_after == 500.0
    assert script.slept == []


async def test_a_spent_budget_is_waited_for() -> None:
    rate = {"x_ratelimit_used": "600", "x_ratelimit_remaining": "0.0", "x_ratelimit_reset": "30"}
    script = Script([reply(value=t5(), **rate), reply(value=t5())])
    client = script.client()
    await client.about("a_place")
    await client.about("a_place")
    assert script.slept == [30.0]


async def test_the_tally_counts_requests_and_outcomes() -> None:
    script = Script(
        [reply(500, ""), reply(value=t5()), reply(403, {"reason": "private"}), reply(403, "<html>")]
    )
    client = script.client()
    for _ in range(3):
        await client.about("a_place")
    assert client.tally == {
        "requests": 4,
        "alive": 1,
        "refused": 1,
        "refused:private": 1,
        "unknown": 1,
        "unknown:blocked": 1,
    }


async def test_no_redirect_is_followed() -> None:
    script = Script([reply(302, "", location="/subreddits/search?q=a_place")])
    outcome = await script.client().listing("/r/a_place/new")
    assert isinstance(outcome, Refused)
    assert outcome.reason == "missing"
    assert len(script.requests) == 1


async def test_every_request_asks_for_raw_json_as_ourselves() -> None:
    script = Script([reply(value=listing(t3()))])
    await script.client().listing("/r/a_place/new", after="t3_x", limit=50)
    (request,) = script.requests
    assert dict(request.url.params) == {"limit": "50", "after": "t3_x", "raw_json": "1"}
    assert request.headers["user-agent"] == "python:subpulse-tests:0 (test)"
    assert request.headers["authorization"] == "bearer first"
