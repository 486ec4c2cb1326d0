"""Which posts there are, worked out for the hours asked about and never kept.

A post's number holds its hour, its community and its place within that hour, so that an id alone finds it again.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from collectors.sandbox.chance import Floats, Ints, units
from collectors.sandbox.rhythm import HOUR, MOST_AN_HOUR, post_counts, subscribers
from collectors.sandbox.world import World

FIRST_HOUR = 438_288  # 2020-01-01
COMMUNITIES = 4_096
PLACES = MOST_AN_HOUR + 1
HISTORY_HOURS = 90 * 24
SETTLED_SECONDS = 36 * HOUR
"""After this age a post's score no longer grows."""


@dataclass(frozen=True, slots=True)
class Posts:
    """Posts as arrays of one length."""

    numbers: Ints
    created: Floats
    """epoch seconds"""

    @property
    def communities(self) -> Ints:
        return self.numbers // PLACES % COMMUNITIES

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, which: "slice | Ints | np.typing.NDArray[np.bool_]") -> Self:
        return type(self)(self.numbers[which], self.created[which])


def between(world: World, communities: Ints, since: float, until: float) -> Posts:
    """The posts of some communities created after `since` and up to `until` (epoch seconds), newest first."""
    hours = np.arange(max(int(since // HOUR), FIRST_HOUR), int(until // HOUR) + 1)
    counts = post_counts(world, communities, hours)
    starts = (hours[None, :] - FIRST_HOUR) * COMMUNITIES + communities[:, None]
    of_slot = np.repeat(np.arange(counts.size), counts.ravel())
    first_of_slot = np.cumsum(counts.ravel()) - counts.ravel()
    place = np.arange(len(of_slot)) - first_of_slot[of_slot]
    numbers = starts.ravel()[of_slot] * PLACES + place
    created = _created(world, numbers, place, counts.ravel()[of_slot])
    posts = Posts(numbers, created)[(created > since) & (created <= until)]
    return posts[np.argsort(-posts.created, kind="stable")]


def newest(world: World, communities: Ints, now: float, wanted: int) -> Posts:
    """The newest posts of some communities, at most `wanted`, none older than the history."""
    an_hour = max(float(world.posts_per_hour[communities].sum()), 0.01)
    hours = int(wanted / an_hour) + 3
    while True:
        hours = min(hours, HISTORY_HOURS)
        posts = between(world, communities, now - hours * HOUR, now)
        if len(posts) >= wanted or hours == HISTORY_HOURS:
            return posts[:wanted]
        hours *= 2


def with_number(world: World, number: int, now: float) -> Posts:
    """The post of one number, or none when no such post exists yet or any more."""
    hour = number // PLACES // COMMUNITIES + FIRST_HOUR
    community = number // PLACES % COMMUNITIES
    known = community < len(world.communities) and now - HISTORY_HOURS * HOUR < hour * HOUR <= now
    if not known:
        return Posts(np.empty(0, np.int64), np.empty(0))
    posts = between(world, np.array([community]), hour * HOUR - 1.0, min(now, hour * HOUR + HOUR - 0.001))
    return posts[posts.numbers == number]


def final_scores(world: World, posts: Posts) -> Floats:
    """The scores that posts end up with: heavy-tailed, higher in larger communities."""
    scale = world.subscribers[posts.communities] ** 0.45 / 20
    tail = (1 - units(posts.numbers, world.seed + 5)) ** (-1 / 1.4) - 1
    return np.minimum(scale * tail, world.subscribers[posts.communities] / 4)


def scores(world: World, posts: Posts, now: float) -> Ints:
    """Scores so far: fast at first, settled after 36 hours."""
    left = 1 - np.clip((now - posts.created) / SETTLED_SECONDS, 0, 1)
    return 1 + np.floor(final_scores(world, posts) * (1 - left**3)).astype(np.int64)


def subscribers_then(world: World, posts: Posts, now: float) -> Ints:
    """Each post's community's subscribers as of the answer, which is what Reddit writes on posts."""
    return subscribers(world, posts.communities, now).astype(np.int64)


def _created(world: World, numbers: Ints, place: Ints, of: Ints) -> Floats:
    """Spread over the hour, in the order of their places."""
    start = (numbers // PLACES // COMMUNITIES + FIRST_HOUR) * float(HOUR)
    return np.floor(start + (place + units(numbers, world.seed + 4)) / np.maximum(of, 1) * HOUR)
