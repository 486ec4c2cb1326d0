"""Walking through the sandbox leaves nothing behind: posts are worked out, never kept."""

import tracemalloc

import numpy as np

from collectors.sandbox import sandbox_accounts
from collectors.sandbox.accounts import accounts
from collectors.sandbox.archive import archived, post_lines
from collectors.sandbox.listings import new, post_page
from collectors.sandbox.media import media
from collectors.sandbox.rhythm import DAY
from collectors.sandbox.world import world

NOW = 1_795_460_000.0
MIB = 1024 * 1024


def test_the_world_takes_a_few_megabytes() -> None:
    world.cache_clear()
    tracemalloc.start()
    kept = world(7)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(kept.communities) > 2_000
    assert size < 8 * MIB


def test_walking_200_communities_leaves_nothing_and_needs_little() -> None:
    its = world(7)
    post_page(its, new(its, np.array([0]), NOW, ""), "", 100, NOW)
    tracemalloc.start()
    for index in range(200):
        posts = new(its, np.array([index]), NOW, "")
        post_page(its, posts, "", 100, NOW)
    del posts
    left, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert left < 0.5 * MIB
    assert peak < 8 * MIB


def test_asking_archive_and_instagram_leaves_little_behind() -> None:
    its = world(7)
    names = sandbox_accounts(7)
    tracemalloc.start()
    for community in its.communities[:100]:
        posts = archived(its, [community], NOW - 30 * DAY, NOW, NOW)
        post_lines(its, posts[:100], NOW)
    for name in names:
        published = media(accounts(7)[name], 7, NOW)
    del posts, published
    left, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert left < 0.5 * MIB
    assert peak < 8 * MIB
