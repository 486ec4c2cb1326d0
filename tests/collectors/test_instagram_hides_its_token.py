"""The token is in the header of each request, in the one URL that wants it, and nowhere else."""

import logging
from typing import Any

import httpx
import pytest

from collectors.instagram.hidden import Hidden, hide
from collectors.outcome import Alive, Refused, Unknown
from tests.collectors.instagram_replies import APP, TOKEN, Script, discovery, error, medium, reply

ECHO = f"Malformed access token {TOKEN}"


async def test_it_travels_in_a_header_and_not_in_the_url() -> None:
    script = Script([reply(discovery(medium(1), after="more"))])
    client = script.client()
    await client.account("meta")
    [page async for page in client.media("meta", None, max_pages=1)]
    for request in script.requests:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert TOKEN not in str(request.url)
        assert set(request.url.params) == {"fields"}


async def test_no_log_line_holds_it_not_even_httpxs_own(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = Script(
        [reply(discovery()), reply({"data": {"is_valid": True}}), error(190, message=ECHO)]
    ).client()
    await client.account("meta")
    assert isinstance(await client.token(), Alive)
    await client.account("meta")
    lines = [record.getMessage() for record in caplog.records]
    assert any("debug_token?input_token=***" in line for line in lines), (
        "the line is there, without the token"
    )
    assert not any(secret in line for line in lines for secret in secrets())


async def test_what_instagram_repeats_of_it_is_masked() -> None:
    script = Script([error(190, message=ECHO)])
    client = script.client()
    outcome = await client.account("meta")
    assert isinstance(outcome, Refused)
    assert "Malformed access token ***" in outcome.detail
    assert not holds((outcome, client.token_problem, await client.account("other")))


@pytest.mark.parametrize("before", range(150, 200, 7))
async def test_an_excerpt_does_not_hold_half_of_it(before: int) -> None:
    outcome = await Script([reply("x" * before + TOKEN, 500)]).client().account("meta")
    assert isinstance(outcome, Unknown)
    assert TOKEN[:8] not in outcome.excerpt.decode()


async def test_records_hold_none_of_it() -> None:
    paging = {"next": f"https://graph.facebook.com/v25.0/1/media?access_token={TOKEN}&after=more"}
    value = discovery(
        medium(1, caption=TOKEN, permalink=f"https://www.instagram.com/p/C/?t={TOKEN}"), biography=TOKEN
    )
    value["business_discovery"]["media"]["paging"] = paging
    outcome = await Script([reply(value)]).client().account("meta")
    assert isinstance(outcome, Alive)
    assert not holds(outcome.value)
    assert outcome.value.media.after is None


async def test_an_exception_of_the_network_holds_none_of_it() -> None:
    outcome = await Script([httpx.ConnectError("refused")]).client().token()
    assert isinstance(outcome, Unknown)
    assert not holds(outcome)


def test_nothing_shows_it_when_printed() -> None:
    assert not holds(APP)
    assert not holds(Script([reply({})]).client())


def test_an_empty_secret_masks_nothing() -> None:
    assert Hidden("").in_text("words") == "words"


def test_hiding_twice_is_hiding_once() -> None:
    assert hide(TOKEN) is hide(TOKEN)
    assert len(logging.getLogger("httpx").filters) <= 1


def secrets() -> tuple[str, str]:
    """The token, and as it stands in a URL."""
    return TOKEN, TOKEN.replace("|", "%7C")


def holds(value: Any) -> bool:
    return any(secret in repr(value) for secret in secrets())
