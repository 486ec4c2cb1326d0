"""Which posts stand on top of a community's listings, and which come a place too late in /new."""

import numpy as np

from collectors.sandbox.chance import Ints, units
from collectors.sandbox.rhythm import DAY
from collectors.sandbox.timeline import Posts, between, present
from collectors.sandbox.world import World

ONE_SHARE, TWO_SHARE = 0.25, 0.12
"""Shares of the communities with one and with two stickied posts."""
TERMS = (14 * DAY, 30 * DAY)
"""How long the first and the second stay up, in seconds."""
LOOKED_BACK = 3 * DAY
LATE_SHARE = 0.001
"""Posts that /new shows after an older one: about a tenth of pages of 100 is out of order (9 of 85 recorded)."""


def stickied(world: World, community: int, now: float) -> Posts:
    """At most two posts: the last of each past term, unless it has vanished."""
    draw = float(units(np.array([community]), world.seed + 10)[0])
    terms = TERMS if draw < TWO_SHARE else TERMS[:1] if draw < TWO_SHARE + ONE_SHARE else ()
    found = [_last_before(world, community, now // term * term, now) for term in terms]
    numbers = np.concatenate([np.empty(0, np.int64), *(posts.numbers for posts in found)])
    created = np.concatenate([np.empty(0), *(posts.created for posts in found)])
    _, first = np.unique(numbers, return_index=True)
    return Posts(numbers[np.sort(first)], created[np.sort(first)])


def which_are_stickied(world: World, posts: Posts, now: float) -> set[int]:
    """The numbers of those posts that are stickied now; only posts old enough are looked at closely."""
    starts = [now // term * term for term in TERMS]
    old = posts[(posts.created <= max(starts)) & (posts.created > min(starts) - LOOKED_BACK)]
    communities = np.unique(old.communities).tolist()
    return {number for one in communities for number in stickied(world, one, now).numbers.tolist()}


def out_of_order(world: World, posts: Posts) -> Posts:
    """The posts with a few of them swapped with the one that follows."""
    order = np.arange(len(posts))
    late = np.flatnonzero(units(posts.numbers[:-1], world.seed + 8) < LATE_SHARE)
    late = late[np.diff(late, prepend=-2) > 1]  # else one post would be moved twice
    order[late], order[late + 1] = order[late + 1], order[late].copy()
    return posts[order]


def without(posts: Posts, some: Posts) -> Posts:
    """The posts but some."""
    return posts[~np.isin(posts.numbers, some.numbers)]


def on_top(some: Posts, posts: Posts) -> Posts:
    """Some posts, and then the others."""
    return Posts(_joined(some.numbers, posts.numbers), np.concatenate([some.created, posts.created]))


def _last_before(world: World, community: int, moment: float, now: float) -> Posts:
    posts = between(world, np.array([community]), moment - LOOKED_BACK, moment)
    return present(world, posts[:1], now)


def _joined(some: Ints, others: Ints) -> Ints:
    return np.concatenate([some, others])
