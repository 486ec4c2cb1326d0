"""The sandbox's archive: its questions, its lines, and how it refuses."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from collectors.records import post_from
from collectors.sandbox import sandbox_app
from collectors.sandbox.rhythm import DAY, HOUR, subscribers
from collectors.sandbox.world import COMES_AND_GOES, world

NOW = 1_795_460_000.0
NAME = "SourdoughNook"
POSTS, SUBREDDITS = "/api/posts/search", "/api/subreddits/search"


def http_of(**more: Any) -> httpx.AsyncClient:
    app = sandbox_app(7, clock=lambda: NOW, **more)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://archive.test")


@pytest.fixture
def http() -> httpx.AsyncClient:
    """Without a token: the archive asks for none."""
    return http_of()


async def lines_of(http: httpx.AsyncClient, path: str, **params: Any) -> list[dict[str, Any]]:
    answer = await http.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def test_a_community_can_be_walked_back_without_gap_or_repeat(http: httpx.AsyncClient) -> None:
    whole = await lines_of(http, POSTS, subreddit=NAME, limit=100, after=str(int(NOW - 40 * DAY)))
    walked, before = [], int(NOW)
    while page := await lines_of(
        http, POSTS, subreddit=f"r/{NAME}", limit=9, after=str(int(NOW - 40 * DAY)), before=before
    ):
        walked += page
        before = page[-1]["created_utc"]
    assert walked == whole[: len(walked)]
    assert len(whole) == min(len(walked), 100)
    assert [line["created_utc"] for line in whole] == sorted(
        (line["created_utc"] for line in whole), reverse=True
    )


async def test_the_other_way_round_are_the_same_posts(http: httpx.AsyncClient) -> None:
    after, before = str(int(NOW - 20 * DAY)), str(int(NOW - 5 * DAY))
    down = await lines_of(http, POSTS, subreddit=NAME, after=after, before=before, limit=100)
    up = await lines_of(http, POSTS, subreddit=NAME, after=after, before=before, limit=100, sort="asc")
    assert down
    assert up == down[::-1]


async def test_before_36_hours_a_line_counts_nothing_and_then_tells_what_became_of_it(
    http: httpx.AsyncClient,
) -> None:
    fresh = await lines_of(http, POSTS, limit=100)
    older = await lines_of(http, POSTS, limit=100, before=str(int(NOW - 40 * HOUR)))
    assert all((line["score"], line["num_comments"], line.get("_meta")) == (1, 0, None) for line in fresh)
    assert all(NOW - line["created_utc"] >= 15 for line in fresh)
    assert all(line["_meta"]["retrieved_2nd_on"] == line["created_utc"] + 36 * HOUR for line in older)
    assert len({line["score"] for line in older}) > 10
    more = [
        line
        for hours in range(41, 71)
        for line in await lines_of(http, POSTS, limit="auto", before=str(int(NOW - hours * HOUR)))
    ]
    removals = Counter(line["_meta"].get("removal_type") for line in more)
    assert set(removals) == {None, "deleted", "moderator"}
    gone = [line for line in more if line["_meta"].get("was_deleted_later")]
    assert not any(line["selftext"] in {"[deleted]", "[removed]"} for line in gone)
    assert len(gone) < len(more) / 8


async def test_some_lines_lack_a_name_and_all_have_sorted_keys(http: httpx.AsyncClient) -> None:
    lines = await lines_of(http, POSTS, limit=100)
    assert {"name" in line for line in lines} == {True, False}
    assert all(list(line) == sorted(line) for line in lines)
    assert all(post_from(line).id == f"t3_{line['id']}" for line in lines)


async def test_lines_are_of_the_types_that_the_archive_publishes(
    http: httpx.AsyncClient, shared_data: Path
) -> None:
    published = json.loads((shared_data / "posts" / "schema_RS_2024-05.json").read_text())[0]["schema"]
    words: dict[str, tuple[type, ...]] = {
        "bool": (bool,),
        "int": (int,),
        "float": (float, int),
        "string": (str,),
        "null": (type(None),),
        "array": (list,),
        "object": (dict,),
    }
    for line in await lines_of(http, POSTS, limit=100, before=str(int(NOW - 40 * HOUR))):
        for key, value in line.items():
            if key == "updated_on":  # in the recorded lines, not in the published types
                continue
            types = tuple(one for kind in published[key] for one in words[kind["type"]])
            assert isinstance(value, types), (key, value, types)


async def test_posts_come_by_id_with_and_without_a_prefix(http: httpx.AsyncClient) -> None:
    lines = await lines_of(http, POSTS, limit=5, before=str(int(NOW - 3 * DAY)))
    ids = [line["id"] if place % 2 else f"t3_{line['id']}" for place, line in enumerate(lines)]
    found = await lines_of(http, "/api/posts/ids", ids=",".join([*ids, "zzz", "t3_!"]))
    assert {line["id"]: line for line in found} == {line["id"]: line for line in lines}


async def test_the_largest_communities_come_first_and_within_bounds(http: httpx.AsyncClient) -> None:
    lines = await lines_of(http, SUBREDDITS, limit=1000, min_subscribers=1000, max_subscribers=50_000)
    counts = [line["subscribers"] for line in lines]
    assert counts == sorted(counts, reverse=True)
    assert len(lines) > 500
    assert 1000 <= counts[-1] <= counts[0] <= 50_000


async def test_all_communities_can_be_walked_by_age(http: httpx.AsyncClient) -> None:
    names: list[str] = []
    params: dict[str, Any] = {"limit": 1000, "sort_type": "created_utc", "sort": "asc"}
    while lines := await lines_of(http, SUBREDDITS, **params):
        names += [line["display_name"] for line in lines]
        params["after"] = lines[-1]["created_utc"]
    assert len(names) == len(set(names)) > 2_000
    assert any(name.startswith("u_") for name in names)


async def test_a_community_is_as_large_as_when_it_was_read(http: httpx.AsyncClient) -> None:
    (line,) = await lines_of(http, SUBREDDITS, subreddit=NAME.upper())
    its = world(7)
    one = its.by_name[NAME.lower()]
    assert NOW - 12 * DAY <= line["retrieved_on"] <= NOW
    assert abs(line["subscribers"] - subscribers(its, np.array([one.index]), line["retrieved_on"])[0]) <= 1
    (again,) = await lines_of(http, "/api/subreddits/ids", ids=f"t5_{line['id']}")
    assert again == line
    (short,) = await lines_of(http, SUBREDDITS, subreddit_prefix="sourdoughnoo", fields="id,title")
    assert short == {"id": line["id"], "title": line["title"]}


async def test_rules_come_for_the_communities_that_there_are(http: httpx.AsyncClient) -> None:
    lines = await lines_of(http, "/api/subreddits/rules", subreddits=f"{NAME},NoSuchPlace")
    assert [line["subreddit"] for line in lines] == [NAME]
    assert lines[0]["rules"][0]["short_name"] == "Stay on topic"


async def test_growth_is_what_the_communities_had(http: httpx.AsyncClient) -> None:
    points = await lines_of(
        http, "/api/time_series", key=f"r/{NAME}/subscribers", precision="day", after="30d"
    )
    its = world(7)
    index = its.by_name[NAME.lower()].index
    assert 28 <= len(points) <= 30
    assert {one["date"] % DAY for one in points} == {0}
    for one in points:
        assert one["value"] == subscribers(its, np.array([index]), one["date"])[0]
    hours = await lines_of(
        http, "/api/time_series", key=f"r/{NAME}/subscribers", precision="hour", after="2d"
    )
    assert hours[-1]["date"] <= NOW - 6 * HOUR  # it lags
    assert await lines_of(http, "/api/time_series", key="r/NoSuchPlace/subscribers", precision="day") == []


@pytest.mark.parametrize(
    "path",
    [
        f"{POSTS}?limit=101",
        f"{POSTS}?limit=0",
        f"{POSTS}?after=1w",
        f"{POSTS}?sort=up",
        f"{POSTS}?body=x",
        f"{SUBREDDITS}?limit=1001",
        f"{SUBREDDITS}?min_subscribers=many",
        "/api/posts/ids",
        "/api/posts/ids?ids=" + ",".join(["a"] * 501),
        "/api/time_series?key=r/x/nothing&precision=day",
        "/api/time_series?key=r/x/subscribers&precision=blink",
    ],
)
async def test_a_bad_question_is_answered_400_with_a_reason(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    assert answer.status_code == 400
    assert answer.json()["data"] is None
    assert answer.json()["error"]


@pytest.mark.parametrize(
    "text", ["1795000000", "1795000000000", "2026-11-18T11:06:40Z", "2026-11-18 11:06:40"]
)
async def test_dates_are_read_in_many_forms(http: httpx.AsyncClient, text: str) -> None:
    (line,) = await lines_of(http, POSTS, subreddit=NAME, before=text, limit=1)
    (same,) = await lines_of(http, POSTS, subreddit=NAME, before="1795000000", limit=1)
    assert line == same
    assert line["created_utc"] < 1_795_000_000


async def test_a_community_that_is_closed_now_keeps_its_old_posts(http: httpx.AsyncClient) -> None:
    lines = await lines_of(http, POSTS, subreddit=COMES_AND_GOES, limit=100)
    assert {line["created_utc"] // HOUR % 2 for line in lines} == {1}
    assert await lines_of(http, POSTS, subreddit="SandboxPrivate") == []


async def test_its_limit_is_its_own_and_is_told_in_headers() -> None:
    http = http_of(archive_limit=2)
    answers = [await http.get(POSTS, params={"limit": "1"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["1", "0", "0"]
    assert 0 < int(answers[0].headers["x-ratelimit-reset"]) <= 60
    assert answers[2].json()["data"] is None
    reddit = await http.get("/r/all/new?limit=1", headers={"authorization": "bearer sandbox-99999999999"})
    assert reddit.headers["x-ratelimit-used"] == "1"


async def test_its_troubles_are_its_own() -> None:
    http = http_of(error_rate=0.4)
    statuses = Counter(
        [(await http.get(SUBREDDITS, params={"subreddit": NAME})).status_code for _ in range(200)]
    )
    assert set(statuses) == {200, 422, 500, 502, 503}
    assert 90 < statuses[200] < 170
