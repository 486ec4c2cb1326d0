"""The table of errors: which are refusals, which tell nothing, which are worth another try."""

import httpx
import pytest

from collectors.instagram.judge import judge
from collectors.outcome import Alive, Refused, Unknown
from tests.collectors.instagram_replies import Script, discovery, error, reply


def judged(response: httpx.Response) -> object:
    return judge(response.status_code, response.headers, response.content)


@pytest.mark.parametrize(
    ("code", "subcode", "reason"),
    [
        (190, None, "unauthorized"),
        (190, 458, "unauthorized"),
        (190, 463, "unauthorized"),
        (102, None, "unauthorized"),
        (110, None, "missing"),
        (110, 2207013, "missing"),
        (100, 2207013, "missing"),
        (3, None, "forbidden"),
        (10, None, "forbidden"),
        (200, None, "forbidden"),
        (299, None, "forbidden"),
        (100, None, "bad_request"),
        (100, 33, "bad_request"),
        (24, 2207042, "bad_request"),
        (None, None, "bad_request"),
        (300, None, "bad_request"),
    ],
)
def test_what_refuses_the_question(code: int | None, subcode: int | None, reason: str) -> None:
    outcome = judged(error(code, subcode))
    assert isinstance(outcome, Refused)
    assert outcome.reason == reason


@pytest.mark.parametrize(
    ("code", "reason", "seconds"),
    [
        *((code, "throttled", 900.0) for code in (4, 17, 32, 341, 613, 80002)),
        (1, "server_error", None),
        (2, "server_error", None),
        (368, "blocked", 86_400.0),
    ],
)
def test_what_tells_nothing_of_the_account(code: int, reason: str, seconds: float | None) -> None:
    outcome = judged(error(code, status=403 if code == 4 else 400))
    assert isinstance(outcome, Unknown)
    assert (outcome.reason, outcome.retry_after) == (reason, seconds)


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (reply("", 200), "bad_body"),
        (reply("[]", 200), "bad_body"),
        (reply('{"business_discovery": {', 200), "bad_body"),
        (reply({"error": "no object"}, 200), "bad_body"),
        (reply("", 301, location="/"), "redirected"),
        (reply("<html>", 403), "blocked"),
        (reply("<html>", 400), "bad_body"),
        (reply("<html>", 404), "bad_body"),
        (reply("", 408), "timeout"),
        (reply("", 429), "throttled"),
        (reply("<html>", 502), "server_error"),
        (error(99_999, status=500), "server_error"),
        (error(99_999, status=429), "throttled"),
        (error(99_999, is_transient=True), "server_error"),
    ],
)
def test_what_is_no_answer_to_the_question_is_unknown(response: httpx.Response, reason: str) -> None:
    outcome = judged(response)
    assert isinstance(outcome, Unknown)
    assert outcome.reason == reason


@pytest.mark.parametrize(("status", "reason"), [(401, "unauthorized"), (403, "forbidden")])
def test_an_error_that_is_not_listed_is_told_by_its_status(status: int, reason: str) -> None:
    outcome = judged(error(99_999, status=status))
    assert isinstance(outcome, Refused)
    assert outcome.reason == reason


def test_a_failure_with_status_200_is_one() -> None:
    assert isinstance(judged(error(190, status=200)), Refused)


def test_the_words_of_an_error_decide_nothing() -> None:
    misleading = "Invalid OAuth access token; rate limit reached; user does not exist"
    outcome = judged(error(10, message=misleading, error_user_msg=misleading))
    assert isinstance(outcome, Refused)
    assert outcome.reason == "forbidden"


def test_a_missing_account_is_said_to_be_missing_or_personal() -> None:
    outcome = judged(error(110, 2207013))
    assert isinstance(outcome, Refused)
    assert "no such account, or it is a personal one" in outcome.detail


def test_the_trace_id_is_kept_for_metas_support() -> None:
    outcome = judged(error(190, 463, message="Error validating\naccess token"))
    assert isinstance(outcome, Refused)
    assert "code 190/463" in outcome.detail
    assert "fbtrace AbC123" in outcome.detail
    assert outcome.detail.endswith("Error validating access token")


@pytest.mark.parametrize("code", [1, 2])
async def test_a_passing_fault_is_tried_three_times_whatever_its_status(code: int) -> None:
    script = Script([error(code)])
    outcome = await script.client().account("meta")
    assert isinstance(outcome, Unknown)
    assert len(script.requests) == 3


async def test_a_second_try_that_works_is_alive() -> None:
    script = Script([error(2), reply(discovery(followers_count=7))])
    assert isinstance(await script.client().account("meta"), Alive)


@pytest.mark.parametrize("code", [100, 110, 10])
async def test_a_refusal_is_asked_once(code: int) -> None:
    script = Script([error(code)])
    await script.client().account("meta")
    assert (len(script.requests), script.slept) == (1, [])


@pytest.mark.parametrize(
    ("failure", "reason"), [(httpx.ConnectError("no way"), "network"), (httpx.ReadTimeout("slow"), "timeout")]
)
async def test_a_broken_connection_says_nothing(failure: Exception, reason: str) -> None:
    script = Script([failure])
    outcome = await script.client().account("meta")
    assert isinstance(outcome, Unknown)
    assert outcome.reason == reason
    assert len(script.requests) == 3
