"""Reddit's listings over the world: which things, in which order, and one page of them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from collectors.sandbox.chance import Floats, Ints
from collectors.sandbox.rhythm import DAY, HOUR, subscribers
from collectors.sandbox.stickies import on_top, out_of_order, stickied, without
from collectors.sandbox.things import Thing, community_thing, post_things
from collectors.sandbox.timeline import (
    HISTORY_HOURS,
    Posts,
    between,
    newest,
    post_number,
    present,
    scores,
    with_numbers,
)
from collectors.sandbox.world import Community, World, state_at

DEPTH = 1_000  # a listing ends there, on Reddit too
DEFAULT_LIMIT, MOST_LIMIT = 25, 100
SPANS = {"hour": HOUR, "day": DAY, "week": 7 * DAY, "month": 30 * DAY}
DEFAULTS = 50
EVERYWHERE = 50
"""How many of the largest communities /r/all/top looks through; the rest cannot reach its first thousand."""


def limit_of(text: str) -> int:
    """A limit clamped to 1-100, 25 when it is no number."""
    return min(max(int(text), 1), MOST_LIMIT) if text.isdecimal() else DEFAULT_LIMIT


def new(world: World, communities: Ints, now: float, span: str) -> Posts:
    """Newest first, but for a few that come a place too late."""
    return out_of_order(world, newest(world, communities, now, DEPTH))


def hot(world: World, communities: Ints, now: float, span: str) -> Posts:
    """By Reddit's published formula: each 12.5 hours weigh as much as ten times the score."""
    posts = newest(world, communities, now, DEPTH)
    return _by(np.log10(scores(world, posts, now)) + posts.created / 45_000, posts)


def rising(world: World, communities: Ints, now: float, span: str) -> Posts:
    """The last day's posts by score per hour."""
    posts = newest(world, communities, now, DEPTH)
    posts = posts[posts.created > now - DAY]
    return _by(scores(world, posts, now) / (now - posts.created + HOUR), posts)


def top(world: World, communities: Ints, now: float, span: str) -> Posts:
    """By score, within `span` (hour, day, week, month; else the whole history)."""
    if len(communities) > EVERYWHERE:
        communities = communities[np.argsort(-world.subscribers[communities])[:EVERYWHERE]]
    since = now - SPANS.get(span, HISTORY_HOURS * HOUR)
    posts = present(world, between(world, communities, since, now), now)
    return _by(scores(world, posts, now), posts)[:DEPTH]


WITH_STICKIES: tuple["Order", ...] = (new, hot)
Order = Callable[[World, Ints, float, str], Posts]

ORDERS: dict[str, Order] = {
    "new": new,
    "hot": hot,
    "rising": rising,
    "top": top,
    "controversial": top,
    "best": hot,
}


def post_page(
    world: World, posts: Posts, after: str, limit: int, now: float, top_of: int | None = None
) -> Thing:
    """One page of posts, from the one after `after` on.

    The first page of the community `top_of` has its stickied posts on top of the limit.
    """
    pinned = posts[:0] if top_of is None else stickied(world, top_of, now)
    posts = without(posts, pinned)
    start = _start(world, after, posts.numbers.tolist())
    page = posts[start : start + limit]
    things = post_things(world, page if after else on_top(pinned, page), now)
    return listing(things, more=start + limit < len(posts))


def communities_page(
    world: World, communities: Sequence[Community], after: str, limit: int, now: float
) -> Thing:
    """One page of communities."""
    places = {f"t5_{community.id}": place for place, community in enumerate(communities)}
    start = 0 if not after else places.get(after, len(communities)) + 1
    page = [community_thing(world, community, now) for community in communities[start : start + limit]]
    return listing(page, more=start + limit < len(communities))


def listing(children: Sequence[Thing], more: bool = False) -> Thing:
    """A Listing of things."""
    data: dict[str, Any] = {
        "after": children[-1]["data"]["name"] if more and children else None,
        "dist": len(children),
        "modhash": None,
        "geo_filter": "",
        "children": list(children),
        "before": None,
    }
    return {"kind": "Listing", "data": data}


def by_size(world: World, now: float) -> list[Community]:
    """Communities that listings show, largest first."""
    every = np.arange(len(world.communities))
    order = np.argsort(-subscribers(world, every, now), kind="stable")
    return [one for index in order.tolist() if _is_listed(one := world.communities[index], now)]


def by_age(world: World, now: float) -> list[Community]:
    """Communities that listings show, newest first."""
    return sorted(by_size(world, now), key=lambda community: -community.created_utc)


def matching(world: World, query: str, now: float) -> list[Community]:
    """Communities whose name, title or description holds every word of the query, largest first."""
    words = query.lower().split()
    return [community for community in by_size(world, now) if words and _holds(community, words)]


DISCOVERY: dict[str, Callable[[World, float], list[Community]]] = {
    "popular": by_size,
    "new": by_age,
    "default": lambda world, now: by_size(world, now)[:DEFAULTS],
}


def things_by_name(world: World, fullnames: Sequence[str], now: float) -> list[Thing]:
    """Communities and posts by fullname; unknown and vanished ones are left out, as Reddit does."""
    numbers = [post_number(world, name[3:]) for name in fullnames if name.startswith("t3_")]
    posts = with_numbers(world, [number for number in numbers if number is not None], now)
    found = {thing["data"]["name"]: thing for thing in post_things(world, posts, now)}
    for name in fullnames:
        community = world.by_id.get(name.removeprefix("t5_")) if name.startswith("t5_") else None
        if community is not None and state_at(community, now) != "banned":
            found[name] = community_thing(world, community, now)
    return [found[name] for name in dict.fromkeys(fullnames) if name in found]


def communities_by_name(world: World, names: Sequence[str], now: float) -> list[Thing]:
    """Communities by display name in any case; unknown and banned ones are left out, as Reddit does."""
    found = [world.by_name.get(name.lower()) for name in names]
    return [community_thing(world, one, now) for one in found if one and state_at(one, now) != "banned"]


def post_with_id(world: World, id36: str, now: float) -> Thing | None:
    """One post by its id, None when there is none."""
    things = things_by_name(world, [f"t3_{id36}"], now)
    return things[0] if things else None


def _by(rank: Floats | Ints, posts: Posts) -> Posts:
    return posts[np.argsort(-rank, kind="stable")]


def _start(world: World, after: str, numbers: list[int]) -> int:
    """The place after the post named `after`; the end when it is not (or no longer) in the listing."""
    if not after:
        return 0
    number = post_number(world, after.removeprefix("t3_"))
    return (numbers.index(number) if number in numbers else len(numbers)) + 1


def _is_listed(community: Community, now: float) -> bool:
    return community.type != "user" and state_at(community, now) in {"open", "private"}


def _holds(community: Community, words: Sequence[str]) -> bool:
    text = f"{community.name} {community.title} {community.description}".lower()
    return all(word in text for word in words)
