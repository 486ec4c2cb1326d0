"""The lines of an archive over the world: what it read of posts and communities, and when it read that.

A post is read within a minute of its making and once more 36 hours later; a community now and then.
Source of the rules: Arctic Shift's notes on its dumps and its API (scores and comments are 1 and 0 before the
second reading; later removals are told in `_meta`, and the first text is kept).
"""

from typing import Any

import numpy as np

from collectors.sandbox.chance import Floats, units
from collectors.sandbox.rhythm import DAY, HOUR
from collectors.sandbox.things import (
    DELETED_SHARE,
    EDITED_SHARE,
    REMOVED_SHARE,
    community_thing,
    posts_untouched,
)
from collectors.sandbox.timeline import FIRST_HOUR, SETTLED_SECONDS, Posts, between, gone_after
from collectors.sandbox.vocabulary import RULES
from collectors.sandbox.world import Community, World, state_at

Line = dict[str, Any]

HISTORY_HOURS = 365 * 24
FIRST_READING = 15.0
SLOWEST_READING = 40.0
"""seconds after a post's making"""
ROUND_SECONDS = 12 * DAY
"""How often the archive reads a community again."""
READINGS = 5
"""How many it goes back to find one."""
NAMELESS_SHARE = 0.2
"""Lines that have an id but no fullname, as older ones do."""
DROPPED = ("selftext_html", "likes", "num_reports")
ALWAYS: Line = {
    "all_awardings": [],
    "archived": False,
    "author_flair_text": None,
    "gilded": 0,
    "hide_score": False,
    "is_video": False,
    "pinned": False,
    "quarantine": False,
    "send_replies": True,
    "total_awards_received": 0,
    "view_count": None,
    "wls": 6,
}


def archived(world: World, communities: list[Community], since: float, until: float, now: float) -> Posts:
    """Posts that the archive has read by now, newest first: those made while their community was open."""
    indexes = np.array([one.index for one in communities], dtype=np.int64)
    floor = max((now // HOUR - HISTORY_HOURS) * HOUR, FIRST_HOUR * HOUR)
    posts = between(world, indexes, max(since, floor), min(until, now))
    return read_by(world, posts, now)


def read_by(world: World, posts: Posts, now: float) -> Posts:
    """Those of the posts that the archive has by now."""
    posts = posts[_first_read(world, posts) <= now]
    turning = {
        one for one in np.unique(posts.communities).tolist() if not _always_open(world.communities[one])
    }
    if not turning:
        return posts
    rows = zip(posts.communities.tolist(), posts.created.tolist(), strict=True)
    kept = [one not in turning or state_at(world.communities[one], made) == "open" for one, made in rows]
    return posts[np.array(kept, dtype=bool)]


def post_lines(world: World, posts: Posts, now: float) -> list[Line]:
    """The posts as lines with sorted keys, each with what it counted when it was last read."""
    first, second = _first_read(world, posts), posts.created + SETTLED_SECONDS
    is_settled = second <= now
    lines = posts_untouched(world, posts, np.where(is_settled, second, first))
    fates = units(posts.numbers, world.seed + 7).tolist()
    vanished = (gone_after(world, posts) < SETTLED_SECONDS).tolist()
    nameless = (units(posts.numbers, world.seed + 12) < NAMELESS_SHARE).tolist()
    for place, line in enumerate(lines):
        line |= ALWAYS | {"retrieved_on": int(first[place]), "updated_on": int(first[place]) + 15}
        line |= {"created": int(line["created"]), "created_utc": int(line["created_utc"])}
        if is_settled[place]:
            line["_meta"] = {"retrieved_2nd_on": int(second[place]), **_later(fates[place], vanished[place])}
        else:
            line |= {"score": 1, "ups": 1, "num_comments": 0, "upvote_ratio": 1.0}
        for key in DROPPED + (("name",) if nameless[place] else ()):
            del line[key]
    return [dict(sorted(line.items())) for line in lines]


def community_line(world: World, community: Community, now: float) -> Line | None:
    """A community as of its last reading; None when there was none."""
    at = read_at(community, now)
    return None if at is None else _community_line(world, community, at)


def read_at(community: Community, now: float) -> float | None:
    """When the archive last read a community (epoch seconds); a banned one keeps the reading before."""
    offset = community.index * 7_919 % ROUND_SECONDS
    last = (now - offset) // ROUND_SECONDS * ROUND_SECONDS + offset
    readings = (last - back * ROUND_SECONDS for back in range(READINGS))
    return next((at for at in readings if state_at(community, at) != "banned"), None)


def rules_line(community: Community, now: float) -> Line:
    """A community's rules."""
    at = read_at(community, now)
    rules = [
        {
            "created_utc": int(community.created_utc),
            "description": "",
            "kind": "all",
            "priority": place,
            "short_name": rule,
            "violation_reason": rule,
        }
        for place, rule in enumerate(RULES)
    ]
    return {"retrieved_on": int(now if at is None else at), "rules": rules, "subreddit": community.name}


def _community_line(world: World, community: Community, at: float) -> Line:
    line: Line = community_thing(world, community, at)["data"]
    of_all = units(np.array([community.index]), world.seed + 13).item()
    line |= {
        "_meta": {
            "earliest_comment_at": None,
            "earliest_post_at": int(community.created_utc) + int(9 * DAY * of_all),
            "num_comments": None,
            "num_comments_updated_at": None,
            "num_posts": int(world.posts_per_hour[community.index] * 24 * 365 * (1 + of_all)) + 1,
            "num_posts_updated_at": int(at),
        },
        "created": int(community.created_utc),
        "created_utc": int(community.created_utc),
        "retrieved_on": int(at),
    }
    return dict(sorted(line.items()))


def _first_read(world: World, posts: Posts) -> Floats:
    spread = SLOWEST_READING - FIRST_READING
    return posts.created + FIRST_READING + spread * units(posts.numbers, world.seed + 14)


def _later(fate: float, vanished: bool) -> Line:
    """What the second reading tells of a post's fate; the same draw decides on Reddit's side."""
    if vanished:
        return {"was_deleted_later": True, "removal_type": "deleted"}
    if fate < REMOVED_SHARE:
        return {"was_deleted_later": True, "removal_type": "moderator"}
    if fate < REMOVED_SHARE + DELETED_SHARE:
        return {"was_deleted_later": True, "removal_type": "deleted"}
    return {"is_edited": True} if fate < REMOVED_SHARE + DELETED_SHARE + EDITED_SHARE else {}


def _always_open(community: Community) -> bool:
    return community.state == "open"
