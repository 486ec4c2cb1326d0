"""Which posts there are, worked out for the hours asked about and never kept.

A post's number holds its hour, its community and its place within that hour, so that an id alone finds it again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from collectors.sandbox.chance import Floats, Ints, base36, units
from collectors.sandbox.rhythm import HOUR, MOST_AN_HOUR, post_counts, subscribers
from collectors.sandbox.world import World

FIRST_HOUR = 438_288  # 2020-01-01
COMMUNITIES = 4_096
PLACES = MOST_AN_HOUR + 1
HISTORY_HOURS = 90 * 24
LARGEST = 2**60
VANISHED_SHARE = 0.006
VANISHED_FIRST, VANISHED_LAST = 3 * HOUR, 30 * HOUR
"""Between these ages that share of posts is gone for good, as with authors who take everything back."""
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
        posts = present(world, between(world, communities, now - hours * HOUR, now), now)
        if len(posts) >= wanted or hours == HISTORY_HOURS:
            return posts[:wanted]
        hours *= 2


def with_numbers(
    world: World,
    numbers: Sequence[int],
    now: float,
    history_hours: int = HISTORY_HOURS,
    vanished_too: bool = False,
) -> Posts:
    """The posts of some numbers; those that do not exist yet, or not any more, are left out."""
    wanted = np.unique(np.array([number for number in numbers if number < LARGEST], dtype=np.int64))
    hours, communities = wanted // PLACES // COMMUNITIES + FIRST_HOUR, wanted // PLACES % COMMUNITIES
    known = (
        (communities < len(world.communities)) & (hours > now / HOUR - history_hours) & (hours * HOUR <= now)
    )
    wanted, hours, communities = wanted[known], hours[known], communities[known]
    counts = [post_counts(world, communities[i : i + 1], hours[i : i + 1]).item() for i in range(len(wanted))]
    of, place = np.array(counts, dtype=np.int64), wanted % PLACES
    posts = Posts(wanted, _created(world, wanted, place, of))
    posts = posts[(place < of) & (posts.created <= now)]
    return posts if vanished_too else present(world, posts, now)


def gone_after(world: World, posts: Posts) -> Floats:
    """The age in seconds at which each post vanishes altogether; infinite for nearly all."""
    draws = units(posts.numbers, world.seed + 6) / VANISHED_SHARE
    return np.where(draws < 1, VANISHED_FIRST + draws * (VANISHED_LAST - VANISHED_FIRST), np.inf)


def present(world: World, posts: Posts, now: float) -> Posts:
    """The posts that have not vanished by now."""
    return posts[now - posts.created < gone_after(world, posts)]


def post_id(world: World, number: int) -> str:
    """A post's id (base 36, without `t3_`); other seeds have others."""
    return base36(number + _first_post_id(world.seed))


def post_number(world: World, id36: str) -> int | None:
    """The number behind an id, None when it cannot be one."""
    if not (id36.isascii() and id36.isalnum() and len(id36) < 12):
        return None
    number = int(id36, 36) - _first_post_id(world.seed)
    return number if number >= 0 else None


def final_scores(world: World, posts: Posts) -> Floats:
    """The scores that posts end up with: heavy-tailed, higher in larger communities."""
    scale = world.subscribers[posts.communities] ** 0.45 / 20
    tail = (1 - units(posts.numbers, world.seed + 5)) ** (-1 / 1.4) - 1
    return np.minimum(scale * tail, world.subscribers[posts.communities] / 4)


def scores(world: World, posts: Posts, now: float | Floats) -> Ints:
    """Scores so far: fast at first, settled after 36 hours."""
    left = 1 - np.clip((now - posts.created) / SETTLED_SECONDS, 0, 1)
    return 1 + np.floor(final_scores(world, posts) * (1 - left**3)).astype(np.int64)


def subscribers_then(world: World, posts: Posts, now: float | Floats) -> Ints:
    """Each post's community's subscribers as of the answer, which is what Reddit writes on posts."""
    return subscribers(world, posts.communities, now).astype(np.int64)


def _created(world: World, numbers: Ints, place: Ints, of: Ints) -> Floats:
    """Spread over the hour, in the order of their places."""
    start = (numbers // PLACES // COMMUNITIES + FIRST_HOUR) * float(HOUR)
    return np.floor(start + (place + units(numbers, world.seed + 4)) / np.maximum(of, 1) * HOUR)


def _first_post_id(seed: int) -> int:
    return seed * 9_176_867_111 % 36**7
