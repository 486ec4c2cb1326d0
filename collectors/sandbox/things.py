"""The world's communities and posts as Reddit writes them: t5 and t3 things with the fields Reddit always sends."""

import re
from random import Random
from typing import Any

import numpy as np

from collectors.sandbox.authors import author, hash_text
from collectors.sandbox.chance import Floats, base36, dice, units
from collectors.sandbox.rhythm import HOUR, subscribers
from collectors.sandbox.stickies import which_are_stickied
from collectors.sandbox.timeline import Posts, post_id, scores, subscribers_then
from collectors.sandbox.vocabulary import RULES, TEXTS, TITLES
from collectors.sandbox.world import Community, World, state_at

Thing = dict[str, Any]

LINK_SHARE = 0.35
REMOVED_SHARE, DELETED_SHARE, EDITED_SHARE = 0.03, 0.02, 0.06
REMOVED_AFTER, DELETED_AFTER, EDITED_AFTER = 2 * HOUR, 5 * HOUR, 1 * HOUR


def community_thing(world: World, community: Community, now: float) -> Thing:
    """A t5 thing; `subscribers`, `over18`, `lang` and more are null together where Reddit will not say."""
    state = state_at(community, now)
    silent = community.is_silent or state == "private"
    count = None if silent else int(subscribers(world, np.array([community.index]), now)[0])
    return {
        "kind": "t5",
        "data": {
            "id": community.id,
            "name": f"t5_{community.id}",
            "display_name": community.name,
            "display_name_prefixed": f"r/{community.name}",
            "title": community.title,
            "public_description": community.description,
            "public_description_html": None,
            "description": None if silent else "\n".join(f"{n}. {rule}" for n, rule in enumerate(RULES, 1)),
            "subreddit_type": "private" if state == "private" else community.type,
            "over18": None if silent else community.over18,
            "quarantine": None if silent else state == "quarantined",
            "subscribers": count,
            "lang": None if silent else "en",
            "submission_type": None if silent else "any",
            "wiki_enabled": None if silent else True,
            "accounts_active": None,
            "active_user_count": None,
            "advertiser_category": "",
            "url": f"/r/{community.name}/",
            "icon_img": "",
            "header_img": None,
            "link_flair_enabled": True,
            "user_is_subscriber": False,
            "user_is_moderator": False,
            "created": community.created_utc,
            "created_utc": community.created_utc,
        },
    }


def rules_thing(community: Community) -> Thing:
    """The answer of `/about/rules`."""
    rules = [
        {
            "kind": "all",
            "priority": place,
            "short_name": rule,
            "violation_reason": rule,
            "description": "",
            "description_html": "",
            "created_utc": community.created_utc,
        }
        for place, rule in enumerate(RULES)
    ]
    return {"rules": rules, "site_rules": [], "site_rules_flow": []}


def requirements_thing(community: Community) -> Thing:
    """The answer of `/api/v1/NAME/post_requirements`: the keys that PRAW lists, and the galleries'."""
    chance = dice(community.index, 11)
    strict = chance.random() < 0.4
    return {
        "title_regexes": [],
        "body_blacklisted_strings": [],
        "title_blacklisted_strings": ["upvote this"] if strict else [],
        "body_text_max_length": None,
        "title_required_strings": [],
        "guidelines_text": f"Please search before you ask about {community.subject}." if strict else None,
        "gallery_min_items": None,
        "domain_blacklist": [],
        "domain_whitelist": [],
        "title_text_max_length": chance.choice((None, 150, 300)),
        "body_restriction_policy": chance.choice(("none", "none", "required")),
        "link_restriction_policy": "none",
        "guidelines_display_policy": "submit_page" if strict else None,
        "body_required_strings": [],
        "title_text_min_length": chance.choice((None, 10, 20)),
        "gallery_captions_requirement": "none",
        "is_flair_required": strict,
        "gallery_max_items": None,
        "gallery_urls_requirement": "none",
        "body_regexes": [],
        "link_repost_age": chance.choice((None, 7)),
        "body_text_min_length": chance.choice((None, 50)),
    }


def post_things(world: World, posts: Posts, now: float) -> list[Thing]:
    """The t3 things of some posts, as they stand now."""
    draws = units(posts.numbers, world.seed + 7).tolist()
    pinned = which_are_stickied(world, posts, now)
    things = posts_untouched(world, posts, now)
    for data, draw, number in zip(things, draws, posts.numbers.tolist(), strict=True):
        data.update(_fate(draw, data["created_utc"], now - data["created_utc"]))
        data["stickied"] = number in pinned
    return [{"kind": "t3", "data": data} for data in things]


def posts_untouched(world: World, posts: Posts, at: float | Floats) -> list[Thing]:
    """Posts with what they count at a time (or each at its own), before anyone removes or edits them."""
    rows = zip(
        posts.numbers.tolist(),
        posts.created.tolist(),
        posts.communities.tolist(),
        scores(world, posts, at).tolist(),
        subscribers_then(world, posts, at).tolist(),
        strict=True,
    )
    return [
        _post(world, world.communities[community], number, created, *counts)
        for number, created, community, *counts in rows
    ]


def _post(world: World, community: Community, number: int, created: float, score: int, count: int) -> Thing:
    chance = dice(number, world.seed)
    id36, words = post_id(world, number), _words(community, chance)
    title = chance.choice(TITLES).format(**words)
    slug = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")[:50]
    permalink = f"/r/{community.name}/comments/{id36}/{slug}/"
    is_self = chance.random() >= LINK_SHARE
    body = " ".join(chance.sample(TEXTS, chance.randint(1, 5))).format(**words) if is_self else ""
    who = author(world.seed, community, chance)
    return {
        "id": id36,
        "name": f"t3_{id36}",
        "title": title,
        "author": who,
        "author_fullname": f"t2_{base36(hash_text(who) % 36**8)}",
        "subreddit": community.name,
        "subreddit_id": f"t5_{community.id}",
        "subreddit_name_prefixed": f"r/{community.name}",
        "subreddit_type": community.type,
        "subreddit_subscribers": count,
        "created": created,
        "created_utc": created,
        "score": score,
        "ups": score,
        "downs": 0,
        "upvote_ratio": round(1 - 0.45 * chance.random() ** 2.5, 2),
        "num_comments": int(score**0.8 * chance.uniform(0.2, 1.6)),
        "over_18": community.over18 or chance.random() < 0.004,
        "permalink": permalink,
        "is_self": is_self,
        "selftext": body,
        "selftext_html": None,
        "domain": f"self.{community.name}" if is_self else community.topic.site,
        "url": f"https://www.reddit.com{permalink}" if is_self else f"https://{community.topic.site}/{slug}",
        "link_flair_text": chance.choice(community.flairs) if chance.random() < 0.7 else None,
        "link_flair_css_class": None,
        "stickied": False,
        "saved": False,
        "hidden": False,
        "likes": None,
        "media": None,
        "distinguished": None,
        "spoiler": False,
        "locked": False,
        "thumbnail": "self" if is_self else "default",
        "num_reports": None,
        "edited": False,
        "removed_by_category": None,
    }


def _words(community: Community, chance: Random) -> dict[str, str | int]:
    thing, other = chance.sample(community.topic.things, 2)
    return {
        "subject": community.subject,
        "thing": thing,
        "Thing": thing.capitalize(),
        "other": other,
        "act": chance.choice(community.topic.acts),
        "n": chance.randint(2, 30),
        "year": 2026,
    }


def _fate(draw: float, created: float, age: float) -> Thing:
    """What became of the post: removed by a moderator, deleted by its author, edited, or none of these."""
    if draw < REMOVED_SHARE and age > REMOVED_AFTER:
        return {"edited": False, "selftext": "[removed]", "removed_by_category": "moderator"}
    draw -= REMOVED_SHARE
    if 0 <= draw < DELETED_SHARE and age > DELETED_AFTER:
        gone = {"author": "[deleted]", "selftext": "[deleted]", "removed_by_category": "deleted"}
        return {"edited": False, **gone}
    draw -= DELETED_SHARE
    edited = 0 <= draw < EDITED_SHARE and age > EDITED_AFTER
    return {"edited": created + EDITED_AFTER if edited else False, "removed_by_category": None}
