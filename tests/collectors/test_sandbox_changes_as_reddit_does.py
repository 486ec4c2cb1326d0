"""What changes in the sandbox by itself: communities close and come back, posts vanish, others are stickied."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np

from collectors.sandbox import sandbox_app
from collectors.sandbox.rhythm import DAY, HOUR
from collectors.sandbox.stickies import stickied
from collectors.sandbox.timeline import between, post_id, present
from collectors.sandbox.world import COMES_AND_GOES, state_at, world

NOW = 1_795_460_400.0  # on the hour
OPEN_HOUR = NOW // (2 * HOUR) * 2 * HOUR + HOUR
Http = Callable[[Any], httpx.AsyncClient]


def names_on(page: Any) -> list[str]:
    return [child["data"]["name"] for child in page["data"]["children"]]


async def test_a_community_comes_and_goes_with_the_hours(sandbox_http: Http) -> None:
    now = OPEN_HOUR
    http = sandbox_http(sandbox_app(7, clock=lambda: now))
    opened = await http.get(f"/r/{COMES_AND_GOES}/about")
    now += HOUR
    closed = await http.get(f"/r/{COMES_AND_GOES}/about")
    listed = (await http.get("/api/info", params={"sr_name": COMES_AND_GOES})).json()
    now += HOUR
    again = await http.get(f"/r/{COMES_AND_GOES}/about")
    assert (opened.status_code, closed.status_code, again.status_code) == (200, 403, 200)
    assert closed.json()["reason"] == "private"
    (private,) = [child["data"] for child in listed["data"]["children"]]
    assert (private["subreddit_type"], private["subscribers"]) == ("private", None)


def test_some_communities_change_their_state_every_day_and_most_never() -> None:
    its = world(7)
    turning = [one for one in its.communities if one.state == "turning"]
    assert 20 < len(turning) < 100
    changes = 0
    for hour in range(24):
        at = NOW + hour * HOUR
        changes += sum(state_at(one, at) != state_at(one, at + HOUR) for one in turning)
    assert changes >= 24 + 5
    assert {one.turns.to for one in turning if one.turns} == {"private", "banned", "quarantined"}


async def test_of_several_communities_the_closed_ones_are_left_out(sandbox_http: Http) -> None:
    http = sandbox_http(sandbox_app(7, clock=lambda: OPEN_HOUR + HOUR))
    names = f"SandboxPrivate+SourdoughNook+{COMES_AND_GOES}+SandboxBanned+NoSuchPlace"
    page = (await http.get(f"/r/{names}/new")).json()
    assert {child["data"]["subreddit"] for child in page["data"]["children"]} == {"SourdoughNook"}


async def test_no_post_of_a_closed_community_is_in_all(sandbox_http: Http) -> None:
    its = world(7)
    page = (await sandbox_http(sandbox_app(7, clock=lambda: NOW)).get("/r/all/new?limit=100")).json()
    subreddits = {child["data"]["subreddit"].lower() for child in page["data"]["children"]}
    assert {state_at(its.by_name[name], NOW) for name in subreddits} == {"open"}


async def test_stickied_posts_come_on_top_of_the_limit_of_the_first_page(sandbox_http: Http) -> None:
    its = world(7)
    found = {len(stickied(its, one.index, NOW)): one for one in its.communities if one.state == "open"}
    assert set(found) == {0, 1, 2}
    http = sandbox_http(sandbox_app(7, clock=lambda: NOW))
    for count in (1, 2):
        for order in ("new", "hot"):
            path = f"/r/{found[count].name}/{order}"
            first = (await http.get(path, params={"limit": "5"})).json()
            after = first["data"]["after"]
            second = (await http.get(path, params={"limit": "5", "after": after})).json()
            tops = [child["data"]["stickied"] for child in first["data"]["children"]]
            assert tops == [True] * count + [False] * 5
            assert not any(child["data"]["stickied"] for child in second["data"]["children"])
            assert not set(names_on(first)) & set(names_on(second))
            known = (await http.get("/api/info", params={"id": names_on(first)[0]})).json()
            assert known["data"]["children"] == first["data"]["children"][:1]


async def test_about_a_tenth_of_pages_is_out_of_order(sandbox_http: Http) -> None:
    http = sandbox_http(sandbox_app(7, window_limit=10_000, clock=lambda: NOW))
    after, pages = "", Counter[bool]()
    for name in ("all", "SourdoughNook", "RoguelikeLoft", "RoguelikeNook"):
        after = ""
        while after is not None:
            page = (await http.get(f"/r/{name}/new", params={"limit": "100", "after": after})).json()
            times = [child["data"]["created_utc"] for child in page["data"]["children"]]
            pages[times != sorted(times, reverse=True)] += 1
            after = page["data"]["after"]
    assert 0 < pages[True] < pages.total() / 2


def test_few_posts_vanish_between_three_and_thirty_hours() -> None:
    its = world(7)
    posts = between(its, np.arange(800), NOW - 3 * DAY, NOW - 2 * DAY)
    kept = [len(present(its, posts, float(posts.created.min()) + age * HOUR)) for age in (0, 3, 15, 55, 90)]
    assert len(posts) == kept[0] == kept[1] >= kept[2] > kept[3] == kept[4] > 0.98 * len(posts)


async def test_a_vanished_post_is_nowhere(sandbox_http: Http) -> None:
    its = world(7)
    communities = np.array([one.index for one in its.communities if one.state == "open"])
    posts = between(its, communities, NOW - 3 * DAY, NOW - 2 * DAY)
    gone = set(posts.numbers.tolist()) - set(present(its, posts, NOW).numbers.tolist())
    lost = posts[np.isin(posts.numbers, list(gone))][:1]
    name = f"t3_{post_id(its, int(lost.numbers[0]))}"
    early = sandbox_http(sandbox_app(7, clock=lambda: float(lost.created[0]) + HOUR))
    late = sandbox_http(sandbox_app(7, clock=lambda: NOW))
    assert names_on((await early.get("/api/info", params={"id": name})).json()) == [name]
    assert names_on((await late.get("/api/info", params={"id": name})).json()) == []
    assert (await late.get(f"/comments/{name[3:]}")).status_code == 404


async def test_a_community_says_what_it_asks_of_a_post(sandbox_http: Http) -> None:
    http = sandbox_http(sandbox_app(7, clock=lambda: NOW))
    asked = (await http.get("/api/v1/SourdoughNook/post_requirements")).json()
    assert len(asked) >= 18
    assert {"is_flair_required", "title_regexes", "body_restriction_policy", "guidelines_text"} <= set(asked)
    refused = await http.get("/api/v1/SandboxPrivate/post_requirements")
    assert (refused.status_code, refused.json()["reason"]) == (403, "private")
