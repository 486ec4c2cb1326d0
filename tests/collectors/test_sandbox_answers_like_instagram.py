"""The sandbox's Instagram: field expressions, shapes as recorded, growth, limits and refusals."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from collectors.sandbox import sandbox_accounts, sandbox_app, sandbox_token
from collectors.sandbox.accounts import FORBIDDEN
from collectors.sandbox.graph_fields import BadExpression, Field, parsed_fields
from collectors.sandbox.rhythm import DAY, HOUR

NOW = 1_795_460_000.0
OWN = "17841400000000001"
NAME = sandbox_accounts()[0]
MEDIA_FIELDS = (
    "id,caption,media_type,media_product_type,media_url,thumbnail_url,permalink,timestamp,like_count,"
    "comments_count,children{id,media_type,media_url}"
)


def http_of(clock: Callable[[], float] = lambda: NOW, **more: Any) -> httpx.AsyncClient:
    app = sandbox_app(7, clock=clock, **more)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://graph.test")


async def asked(
    http: httpx.AsyncClient, fields: str, name: str = NAME, token: str = "sandbox"
) -> httpx.Response:
    expression = f"business_discovery.username({name}){{{fields}}}"
    return await http.get(f"/v25.0/{OWN}", params={"fields": expression, "access_token": token})


async def found(http: httpx.AsyncClient, fields: str, name: str = NAME) -> dict[str, Any]:
    answer = await asked(http, fields, name)
    assert answer.status_code == 200, answer.text
    return answer.json()["business_discovery"]


async def all_media(http: httpx.AsyncClient) -> list[dict[str, Any]]:
    """The newest hundred media of every account."""
    pages = [await found(http, f"media.limit(100){{{MEDIA_FIELDS}}}", name) for name in sandbox_accounts()]
    return [medium for page in pages for medium in page["media"]["data"]]


def shape(value: Any) -> Any:
    """Keys and types; of a list, its first item."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else type(value)


def test_expressions_nest() -> None:
    (field,) = parsed_fields(
        "business_discovery.username(a.b_c){followers_count, media.limit(2).after(Q-=){id,b{c}}}"
    )
    assert (field.name, field.modifiers) == ("business_discovery", {"username": "a.b_c"})
    count, media = field.fields
    assert count == Field("followers_count")
    assert media == Field(
        "media", {"limit": "2", "after": "Q-="}, (Field("id"), Field("b", {}, (Field("c"),)))
    )


@pytest.mark.parametrize("text", ["a{b", "a}", "a,", "a{}", "{a}", "a.b(c", "a b", "a{b}}"])
def test_a_broken_expression_is_not_guessed_at(text: str) -> None:
    with pytest.raises(BadExpression):
        parsed_fields(text)


@pytest.mark.parametrize(
    ("file", "fields"),
    [
        (
            "discovery_user_fields",
            "id,biography,name,username,profile_picture_url,followers_count,media_count",
        ),
        (
            "discovery_medias_p1",
            "media.limit(2){id,caption,comments_count,like_count,media_type,media_url,permalink,timestamp}",
        ),
    ],
)
async def test_answers_have_the_recorded_shape(shared_data: Path, file: str, fields: str) -> None:
    recorded = json.loads((shared_data / "instagram" / f"pyfacebook_instagram_{file}.json").read_text())
    http = http_of()
    shapes = [shape((await asked(http, fields, name)).json()) for name in sandbox_accounts()]
    assert shape(recorded["response"]["body"]) in shapes


async def test_only_what_was_asked_for_and_is_there_comes_back() -> None:
    http = http_of()
    assert set(await found(http, "followers_count")) == {"followers_count", "id"}
    media = await all_media(http)
    keys = Counter(key for medium in media for key in medium)
    for key in ("id", "media_type", "media_product_type", "permalink", "timestamp", "comments_count"):
        assert keys[key] == len(media)
    for key in ("caption", "media_url", "like_count"):
        assert 0.7 * len(media) < keys[key] < len(media)
    assert not any(value in ("", None) for medium in media for value in medium.values())
    assert {medium["media_type"] for medium in media} == {"IMAGE", "VIDEO", "CAROUSEL_ALBUM"}
    assert {medium["media_product_type"] for medium in media} == {"FEED", "REELS"}
    assert {medium["media_type"] for medium in media if "thumbnail_url" in medium} == {"VIDEO"}
    assert {medium["media_type"] for medium in media if "children" in medium} == {"CAROUSEL_ALBUM"}
    assert len({medium["id"] for medium in media}) == len(media)
    assert all(int(medium["id"]) > 2**53 for medium in media)


async def test_an_account_can_be_paged_through_by_cursors_alone() -> None:
    http = http_of()
    count = (await found(http, "media_count"))["media_count"]
    ids: list[str] = []
    times: list[str] = []
    after = ""
    while True:
        modifier = f".after({after})" if after else ""
        media = (await found(http, f"media.limit(50){modifier}{{timestamp}}"))["media"]
        ids += [medium["id"] for medium in media["data"]]
        times += [medium["timestamp"] for medium in media["data"]]
        assert "next" not in media.get("paging", {})
        cursors = media["paging"]["cursors"]
        assert ("before" in cursors) == bool(after)
        after = cursors.get("after")
        if not after:
            break
    assert len(ids) == len(set(ids)) == count
    assert times == sorted(times, reverse=True)
    assert times[0].endswith("+0000")


async def test_followers_and_likes_grow_and_media_are_added() -> None:
    likes, followers, counts = [], [], []
    for days in (0, 1, 60):
        http = http_of(lambda days=days: NOW + days * DAY)  # type: ignore[misc]
        profiles = [await found(http, "followers_count,media_count", name) for name in sandbox_accounts()]
        followers.append(sum(one["followers_count"] for one in profiles))
        counts.append(sum(one["media_count"] for one in profiles))
        media = {medium["id"]: medium for medium in await all_media(http)}
        likes.append({key: medium.get("like_count", 0) for key, medium in media.items()})
    assert counts[0] < counts[1] < counts[2]
    assert followers[0] < followers[2]
    both = likes[0].keys() & likes[1].keys()
    assert all(likes[0][key] <= likes[1][key] for key in both)
    assert sum(likes[0][key] for key in both) < sum(likes[1][key] for key in both)


def test_the_same_accounts_are_followed_whatever_the_seed() -> None:
    assert len(sandbox_accounts()) == len(set(sandbox_accounts())) >= 40
    assert sandbox_accounts(1) == sandbox_accounts(2)


@pytest.mark.parametrize(
    ("fields", "name", "token", "status", "code", "subcode"),
    [
        ("id", "nobody.there", "sandbox", 400, 110, 2207013),
        ("id", FORBIDDEN, "sandbox", 403, 10, None),
        ("id", NAME, "", 400, 104, None),
        ("id", NAME, "somebody-elses", 400, 190, None),
        ("id", NAME, sandbox_token(NOW - 1), 400, 190, 463),
        ("bogus", NAME, "sandbox", 400, 100, None),
        ("media{bogus}", NAME, "sandbox", 400, 100, None),
        ("media.after(?){id}", NAME, "sandbox", 400, 100, None),
        ("media{id", NAME, "sandbox", 400, 2500, None),
    ],
)
async def test_refusals_carry_their_codes(
    fields: str, name: str, token: str, status: int, code: int, subcode: int | None
) -> None:
    answer = await asked(http_of(), fields, name, token)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error.get("error_subcode")) == (status, code, subcode)
    assert error["type"] == "OAuthException"
    assert error["fbtrace_id"]


async def test_a_token_says_how_long_it_holds() -> None:
    http = http_of()
    said = []
    for token in (sandbox_token(NOW + 5 * DAY), sandbox_token(), sandbox_token(NOW - 1)):
        params = {"input_token": token, "access_token": "sandbox"}
        said.append((await http.get("/debug_token", params=params)).json()["data"])
    assert [one["is_valid"] for one in said] == [True, True, False]
    assert [one.get("expires_at") for one in said] == [int(NOW + 5 * DAY), 0, None]
    assert said[2]["error"]["subcode"] == 463


async def test_a_token_may_come_in_the_header() -> None:
    http = http_of()
    http.headers["authorization"] = f"Bearer {sandbox_token()}"
    answer = await http.get(f"/v25.0/{OWN}", params={"fields": "id,username"})
    assert answer.json() == {"username": "sandbox.operator", "id": OWN}
    told = await http.get("/v25.0/debug_token", params={"input_token": sandbox_token()})
    assert told.json()["data"]["is_valid"]


async def test_usage_grows_to_a_hundred_percent_and_then_it_refuses_until_the_hour_is_over() -> None:
    now = NOW // HOUR * HOUR + 600
    http = http_of(lambda: now, graph_limit=4)
    answers = [await asked(http, "id") for _ in range(5)]
    usage = [json.loads(answer.headers["x-app-usage"])["call_count"] for answer in answers]
    assert usage == [25, 50, 75, 100, 125]
    assert [answer.status_code for answer in answers] == [200] * 4 + [403]
    assert answers[4].json()["error"]["code"] == 4
    ((business,),) = json.loads(answers[4].headers["x-business-use-case-usage"]).values()
    assert (business["type"], business["estimated_time_to_regain_access"]) == ("instagram", 50)
    now += 50 * 60
    assert (await asked(http, "id")).status_code == 200


async def test_its_troubles_are_passing_ones() -> None:
    http = http_of(error_rate=0.4)
    seen: Counter[str] = Counter()
    for _ in range(300):
        answer = await asked(http, "id")
        try:
            seen[str(answer.json().get("error", {}).get("code", "fine"))] += 1
        except ValueError:
            seen["empty" if not answer.content else "cut"] += 1
    assert set(seen) == {"fine", "1", "2", "4", "32", "613", "empty", "cut"}
    assert 130 < seen["fine"] < 230
