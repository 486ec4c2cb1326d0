"""The sandbox's world depends on seed and clock alone, and goes on as time does."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import pytest

from collectors.sandbox import sandbox_app
from collectors.sandbox.rhythm import HOUR, expected_posts, post_counts
from collectors.sandbox.timeline import between, post_id
from collectors.sandbox.world import LONGEST_NAME, world

NOW = 1_795_460_000.0
Http = Callable[[Any], httpx.AsyncClient]
PATHS = [
    "/r/SourdoughNook/new",
    "/r/RoguelikeLoft+BlueNook+sourdough_bay/hot",
    "/subreddits/popular",
    "/r/all/new",
]


@pytest.mark.parametrize("path", PATHS)
async def test_the_same_seed_and_time_answer_the_same_bytes(sandbox_http: Http, path: str) -> None:
    bodies = [(await sandbox_http(sandbox_app(7, clock=lambda: NOW)).get(path)).content for _ in range(2)]
    world.cache_clear()
    bodies.append((await sandbox_http(sandbox_app(7, clock=lambda: NOW)).get(path)).content)
    assert len(set(bodies)) == 1


async def test_another_seed_is_another_world(sandbox_http: Http) -> None:
    bodies = {
        (await sandbox_http(sandbox_app(seed, clock=lambda: NOW)).get(PATHS[0])).content for seed in (1, 2)
    }
    assert len(bodies) == 2


def test_another_seed_gives_other_ids() -> None:
    assert not set(world(1).by_id) & set(world(2).by_id)
    assert post_id(world(1), 5) != post_id(world(2), 5)


async def test_new_posts_come_as_time_goes_on_and_old_ones_stay(sandbox_http: Http) -> None:
    ids = []
    for now in (NOW, NOW + HOUR):
        page = (
            await sandbox_http(sandbox_app(7, clock=lambda now=now: now)).get("/r/all/new?limit=100")
        ).json()
        ids.append([child["data"]["name"] for child in page["data"]["children"]])
    assert ids[0] != ids[1]
    later = between(world(7), np.arange(100), NOW - HOUR, NOW + HOUR)
    earlier = between(world(7), np.arange(100), NOW - HOUR, NOW)
    assert set(earlier.numbers) < set(later.numbers)


async def test_scores_grow_until_36_hours_and_then_stay(sandbox_http: Http) -> None:
    posts = between(world(7), np.arange(300), NOW - HOUR, NOW)
    ids = ",".join(f"t3_{post_id(world(7), number)}" for number in posts.numbers[:100].tolist())
    totals = []
    for hours in (0, 3, 12, 37, 60):
        app = sandbox_app(7, clock=lambda hours=hours: NOW + hours * HOUR)
        page = (await sandbox_http(app).get("/api/info", params={"id": ids})).json()
        totals.append(sum(child["data"]["score"] for child in page["data"]["children"]))
    assert totals[0] < totals[1] < totals[2] < totals[3] == totals[4]


def test_the_world_covers_the_taxonomy_with_usable_names() -> None:
    its = world(7)
    counts = Counter(one.topic.category for one in its.communities)
    assert len(counts) == 23
    assert min(counts.values()) >= 80
    assert len(its.by_name) == len(its.by_id) == len(its.communities)
    assert all(3 <= len(one.name) <= LONGEST_NAME for one in its.communities)
    assert all(one.name.replace("_", "").isalnum() and one.name.isascii() for one in its.communities)
    assert {one.over18 for one in its.communities} == {True, False}


def test_subscribers_are_heavy_tailed() -> None:
    subscribers = world(7).subscribers
    assert np.median(subscribers) * 5 < subscribers.mean()


def test_weeks_and_days_have_a_rhythm() -> None:
    its = world(7)
    hours = np.arange(int(NOW // HOUR) - 12 * 7 * 24, int(NOW // HOUR))
    weekend = (hours // 24 + 3) % 7 >= 5
    for category, busier in (("programming", False), ("sports", True)):
        communities = np.array([one.index for one in its.communities if one.topic.category == category])
        counts = post_counts(its, communities, hours).sum(axis=0)
        assert (counts[weekend].mean() > counts[~weekend].mean()) == busier
    by_hour = post_counts(its, np.arange(500), hours).sum(axis=0).reshape(-1, 24).sum(axis=0)
    assert by_hour.max() > 2 * by_hour.min()


def test_as_many_posts_come_as_expected() -> None:
    its, hours = world(7), np.arange(490_000, 491_000)
    expected = expected_posts(its, np.arange(1000), hours).sum()
    assert abs(post_counts(its, np.arange(1000), hours).sum() - expected) < 0.02 * expected


async def test_a_clock_before_the_history_has_no_posts(sandbox_http: Http) -> None:
    page = (await sandbox_http(sandbox_app(7, clock=lambda: 1_000.0)).get("/r/all/new")).json()
    assert page["data"]["children"] == []


async def test_related_communities_share_authors(sandbox_http: Http) -> None:
    http = sandbox_http(sandbox_app(7, clock=lambda: NOW))
    authors = []
    for name in ("SourdoughNook", "sourdough_bay", "RoguelikeLoft"):
        page = (await http.get(f"/r/{name}/new", params={"limit": "100"})).json()
        authors.append({child["data"]["author"] for child in page["data"]["children"]} - {"[deleted]"})
    assert len(authors[0] & authors[1]) > len(authors[0] & authors[2])
