"""Meta's limits in percent: read, slowed down for, and never run into."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from collectors.instagram import Quota
from collectors.outcome import Alive, Refused, Unknown
from tests.collectors.instagram_replies import Script, app_usage, business_usage, discovery, error, reply

FOUND = discovery(followers_count=7)


@pytest.mark.parametrize(
    ("headers", "percent", "name"),
    [
        ({"X-App-Usage": app_usage(28)}, 28, "app call_count"),
        ({"x-business-use-case-usage": business_usage(63)}, 63, "instagram total_time"),
        (
            {"X-App-Usage": app_usage(28), "X-Business-Use-Case-Usage": business_usage(63)},
            63,
            "instagram total_time",
        ),
        ({"X-App-Usage": '{"call_count": 0}'}, 0, "app call_count"),
        ({"X-Business-Use-Case-Usage": json.dumps({"1": [{"total_time": 5}]})}, 5, "business total_time"),
    ],
)
def test_the_scarcest_limit_and_its_name_are_told(headers: dict[str, str], percent: int, name: str) -> None:
    quota = Quota.from_headers(headers)
    assert quota is not None
    assert (quota.percent, quota.name) == (percent, name)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-App-Usage": ""},
        {"X-App-Usage": "{"},
        {"X-App-Usage": "[1]"},
        {"X-App-Usage": '{"call_count": "28"}'},
        {"X-App-Usage": '{"call_count": -1, "total_time": true}'},
        {"X-Business-Use-Case-Usage": '{"1": {"call_count": 5}}'},
        {"X-Business-Use-Case-Usage": '{"1": [5, null]}'},
    ],
)
def test_what_says_nothing_is_not_zero_percent(headers: dict[str, str]) -> None:
    assert Quota.from_headers(headers) is None


def test_the_time_to_regain_access_is_in_minutes() -> None:
    quota = Quota.from_headers({"X-Business-Use-Case-Usage": business_usage(100, minutes=19)})
    assert quota is not None
    assert quota.rest_seconds == 19 * 60


@pytest.mark.parametrize(
    ("percent", "pauses"), [(79, []), (80, []), (86, [8.0]), (94, [pytest.approx(18.67, abs=0.01)])]
)
async def test_from_80_percent_on_it_slows_down(percent: int, pauses: list[float]) -> None:
    script = Script([reply(FOUND, X_App_Usage=app_usage(percent))])
    client = script.client()
    await client.account("meta")
    assert isinstance(await client.account("meta"), Alive)
    assert script.slept == pauses


async def test_at_95_percent_it_asks_nothing_for_a_while() -> None:
    script = Script([reply(FOUND, X_App_Usage=app_usage(95)), reply(FOUND, X_App_Usage=app_usage(40))])
    client = script.client()
    assert isinstance(await client.account("meta"), Alive)
    assert client.rests_seconds == 900
    outcome = await client.account("meta")
    assert outcome == Unknown("throttled", "95 % of app call_count is used", 900.0)
    assert len(script.requests) == 1
    script.now += 901
    assert client.rests_seconds == 0
    assert isinstance(await client.account("meta"), Alive)
    assert client.quota_percent == 40


async def test_a_throttled_answer_is_heeded_for_as_long_as_it_says() -> None:
    answer = error(4, status=403)
    answer.headers["X-Business-Use-Case-Usage"] = business_usage(104, minutes=12)
    script = Script([answer])
    client = script.client()
    outcome = await client.account("meta")
    assert isinstance(outcome, Unknown)
    assert (outcome.reason, outcome.retry_after) == ("throttled", 720.0)
    back_at = client.quota_back_at
    assert back_at is not None
    assert abs(back_at - datetime.now(UTC) - timedelta(minutes=12)) < timedelta(seconds=30)
    assert client.quota_back_at == back_at, "the same moment, however often it is looked at"
    script.now += 721
    assert client.quota_back_at is None


async def test_a_short_wait_is_waited_for() -> None:
    throttled = error(17)
    throttled.headers["Retry-After"] = "30"
    script = Script([throttled, reply(FOUND)])
    client = script.client()
    await client.account("meta")
    assert isinstance(await client.account("meta"), Alive)
    assert script.slept == [30.0]


@pytest.mark.parametrize(("code", "seconds"), [(368, 86_400), (190, 3600)])
async def test_after_a_block_or_with_a_dead_token_nothing_is_asked(code: int, seconds: float) -> None:
    script = Script([error(code)])
    client = script.client()
    first = await client.account("meta")
    assert not isinstance(first, Alive)
    assert client.rests_seconds == seconds
    again = await client.account("instagram")
    assert not isinstance(again, Alive)
    assert again.detail == first.detail
    assert len(script.requests) == 1


async def test_a_dead_token_is_told_until_it_is_taken() -> None:
    script = Script([error(190, 463), reply(FOUND)])
    client = script.client()
    outcome = await client.account("meta")
    assert isinstance(outcome, Refused)
    assert outcome.reason == "unauthorized"
    assert client.token_problem == outcome.detail
    assert client.quota_back_at is None, "it is not the quota"
    script.now += 3601
    await client.account("meta")
    assert client.token_problem is None


async def test_an_old_reading_of_the_quota_is_none() -> None:
    script = Script([reply(FOUND, X_App_Usage=app_usage(50)), reply(FOUND)])
    client = script.client()
    assert (client.quota_percent, client.quota_name) == (None, None)
    await client.account("meta")
    assert (client.quota_percent, client.quota_name) == (50, "app call_count")
    script.now += 3601
    assert (client.quota_percent, client.quota_name) == (None, None)


async def test_the_tally_has_the_form_of_reddits() -> None:
    script = Script([error(1), reply(FOUND), error(110), error(2)])
    client = script.client()
    for _ in range(3):
        await client.account("meta")
    assert client.tally == {
        "requests": 6,
        "alive": 1,
        "refused": 1,
        "refused:missing": 1,
        "unknown": 1,
        "unknown:server_error": 1,
    }


async def test_a_burst_is_waited_out_while_no_limit_is_near() -> None:
    throttled = error(613)
    throttled.headers["X-App-Usage"] = app_usage(12)
    script = Script([throttled, reply(FOUND, X_App_Usage=app_usage(12))])
    assert isinstance(await script.client().account("meta"), Alive)
    assert script.slept == [60.0]
