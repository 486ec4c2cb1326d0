"""The application-only token: fetched once, renewed in time, refused with status 200."""

import asyncio
from datetime import UTC, datetime

import pytest

from collectors.outcome import Alive, Refused, Unknown
from tests.collectors.replies import APP, TOKEN, Script, reply, t5

SECOND = {**TOKEN, "access_token": "second"}


def bearers(script: Script) -> list[str]:
    return [request.headers["authorization"] for request in script.requests]


async def test_one_token_serves_all_requests() -> None:
    script = Script([reply(value=t5())])
    client = script.client()
    await asyncio.gather(*(client.about("a_place") for _ in range(5)))
    assert len(script.token_requests) == 1
    (request,) = script.token_requests
    assert request.headers["authorization"].startswith("Basic ")
    assert request.content == b"grant_type=client_credentials"


@pytest.mark.parametrize(("age", "fetched"), [(3530, 1), (3541, 2)])
async def test_a_token_is_renewed_shortly_before_it_expires(age: float, fetched: int) -> None:
    script = Script(
        [reply(value=t5())], tokens=[reply(value={**TOKEN, "expires_in": 3600}), reply(value=SECOND)]
    )
    client = script.client()
    await client.about("a_place")
    script.now = age
    await client.about("a_place")
    assert len(script.token_requests) == fetched


async def test_a_401_fetches_a_new_token_once() -> None:
    script = Script(
        [reply(401, "<html>"), reply(value=t5())], tokens=[reply(value=TOKEN), reply(value=SECOND)]
    )
    assert isinstance(await script.client().about("a_place"), Alive)
    assert bearers(script) == ["bearer first", "bearer second"]


async def test_a_401_that_stays_is_a_refusal() -> None:
    script = Script([reply(401, {"message": "Unauthorized", "error": 401})])
    outcome = await script.client().about("a_place")
    assert isinstance(outcome, Refused)
    assert outcome.reason == "unauthorized"
    assert len(script.requests) == 2


@pytest.mark.parametrize(
    "answer",
    [
        reply(200, {"error": "invalid_grant"}),
        reply(200, {"error": "unauthorized_client", "error_description": "Only script apps"}),
        reply(401, {"message": "Unauthorized", "error": 401}),
        reply(400, {"error": 400}),
    ],
)
async def test_refused_credentials_are_a_refusal_whatever_the_status(answer: object) -> None:
    script = Script([reply(value=t5())], tokens=[answer])  # type: ignore[list-item]
    outcome = await script.client().about("a_place")
    assert isinstance(outcome, Refused)
    assert outcome.reason == "unauthorized"
    assert script.requests == []


async def test_refused_credentials_are_not_tried_with_every_request() -> None:
    script = Script([reply(value=t5())], tokens=[reply(401, {"error": 401})])
    client = script.client()
    for _ in range(3):
        await client.about("a_place")
    assert len(script.token_requests) == 1
    script.now = 61.0
    await client.about("a_place")
    assert len(script.token_requests) == 2


async def test_a_token_endpoint_in_trouble_is_tried_again_then_unknown() -> None:
    script = Script([reply(value=t5())], tokens=[reply(503, "")])
    outcome = await script.client().about("a_place")
    assert isinstance(outcome, Unknown)
    assert outcome.reason == "server_error"
    assert len(script.token_requests) == 3


async def test_an_answer_without_a_token_is_unknown() -> None:
    script = Script([reply(value=t5())], tokens=[reply(200, {"token_type": "bearer"})])
    outcome = await script.client().about("a_place")
    assert isinstance(outcome, Unknown)
    assert outcome.reason == "bad_body"


@pytest.mark.parametrize("text", ["secret\r\n", "sécret"])
async def test_a_token_that_no_header_can_hold_is_not_sent_nor_told(text: str) -> None:
    script = Script([reply(value=t5())], tokens=[reply(value={**TOKEN, "access_token": text})])
    outcome = await script.client().about("a_place")
    assert isinstance(outcome, Unknown)
    assert outcome.reason == "bad_body"
    assert text not in outcome.detail


async def test_it_says_when_the_token_ends_and_whether_the_credentials_are_refused() -> None:
    lasting, endless, refused = (
        reply(value={**TOKEN, "expires_in": 3600}),
        reply(value={**TOKEN, "expires_in": 1e300}),
        reply(401, {"error": 401}),
    )
    client = Script([reply(value=t5())], tokens=[lasting]).client()
    assert (client.token_expires_at, client.token_problem) == (None, None), "not asked yet"
    await client.about("a_place")
    assert client.token_expires_at is not None
    assert 3500 < (client.token_expires_at - datetime.now(UTC)).total_seconds() <= 3600
    assert client.token_problem is None

    client = Script([reply(value=t5())], tokens=[endless]).client()
    await client.about("a_place")
    assert client.token_expires_at is None

    client = Script([reply(value=t5())], tokens=[refused]).client()
    await client.about("a_place")
    assert client.token_expires_at is None
    assert "no token with these credentials" in str(client.token_problem)


def test_secrets_do_not_show() -> None:
    assert "a-secret" not in repr(APP)
