"""What the sandbox's Instagram accounts publish, worked out for the days asked about and never kept."""

from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

import numpy as np

from collectors.sandbox.accounts import Account, followers
from collectors.sandbox.chance import Floats, Ints, base36, dice, units
from collectors.sandbox.rhythm import DAY, HOUR

PLACES = 8
"""Most media an account publishes in a day, minus one."""
FIRST_ID, FIRST_CHILD_ID = 17_900_000_000_000_000, 18_100_000_000_000_000
IDS_OF_SEEDS = 20_000_000
CAPTIONLESS, URLLESS, HIDDEN = 0.06, 0.05, 0.02
"""Shares of media without a caption, without a URL (copyright) and with hidden likes."""
SETTLING = 20 * HOUR
"""After about this time most likes are there."""
CAPTIONS = (
    "New {thing} today. What do you think?",
    "How to {act}, in three steps. Save this for later.",
    "Behind the scenes: our {other}.",
    "{subject} mood. #{tag}",
    "Last chance for the {thing}, the {other} is already gone! #{tag} #weekend",
)
KINDS = ("IMAGE", "IMAGE", "CAROUSEL_ALBUM", "VIDEO", "VIDEO")


@dataclass(frozen=True, slots=True)
class Media:
    """An account's media as arrays of one length, newest first."""

    numbers: Ints
    """epoch day and place within it"""
    created: Floats

    def __len__(self) -> int:
        return len(self.numbers)


def media(account: Account, seed: int, now: float) -> Media:
    """Everything an account has published by now."""
    days = np.arange(account.first_day, int(now // DAY) + 1)
    salt = seed + 1_000 * account.index + 30
    counts = np.floor(account.posts_per_day * 2 * units(days, salt) + units(days, salt + 1)).astype(np.int64)
    counts = np.minimum(counts, PLACES - 1)
    of_slot = np.repeat(np.arange(len(days)), counts)
    place = np.arange(len(of_slot)) - (np.cumsum(counts) - counts)[of_slot]
    numbers = days[of_slot] * PLACES + place
    spread = (place + units(numbers, salt + 2)) / np.maximum(counts[of_slot], 1)
    created = np.floor(days[of_slot] * DAY + 7 * HOUR + spread * 14 * HOUR)
    published = created <= now
    return Media(numbers[published][::-1], created[published][::-1])


def media_values(account: Account, seed: int, number: int, created: float, now: float) -> dict[str, Any]:
    """All fields of one medium; None or empty where it has none."""
    chance = dice(number * 64 + account.index, seed + 40)
    kind = chance.choice(KINDS)
    is_reel = kind == "VIDEO" and chance.random() < 0.9
    medium = number * 64 + account.index
    first_id = FIRST_ID + seed % 1_000 * IDS_OF_SEEDS
    code = base36(medium * 7_919 + (seed % 1_000 + 1) * 36**7)
    likes = _likes(account, chance, now - created, now)
    has_caption, has_url = chance.random() >= CAPTIONLESS, chance.random() >= URLLESS
    shows_likes = not account.hides_likes and chance.random() >= HIDDEN
    url = _url(code, "mp4" if kind == "VIDEO" else "jpg", created)
    return {
        "id": str(first_id + medium),
        "caption": _caption(account, chance) if has_caption else "",
        "media_type": kind,
        "media_product_type": "REELS" if is_reel else "FEED",
        "media_url": url if has_url else None,
        "thumbnail_url": _url(code, "jpg", created) if kind == "VIDEO" else None,
        "permalink": f"https://www.instagram.com/{'reel' if is_reel else 'p'}/{code}/",
        "shortcode": code,
        "timestamp": datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "username": account.username,
        "like_count": likes if shows_likes else None,
        "comments_count": int(likes**0.62 * chance.uniform(0.1, 0.6)),
        "view_count": likes * 14 + chance.randint(0, 90) if kind == "VIDEO" else None,
        "children": _children(first_id + medium, code, created, chance) if kind == "CAROUSEL_ALBUM" else None,
    }


def _likes(account: Account, chance: Random, age: float, now: float) -> int:
    final = followers(account, now - age) * min(0.008 * chance.paretovariate(1.3), 0.3)
    return int(final * (1 - np.exp(-age / SETTLING)))


def _caption(account: Account, chance: Random) -> str:
    thing, other = chance.sample(account.topic.things, 2)
    words = {
        "subject": account.subject,
        "thing": thing,
        "other": other,
        "act": chance.choice(account.topic.acts),
    }
    return chance.choice(CAPTIONS).format(**words, tag=account.topic.category.replace("_", ""))


def _children(medium: int, code: str, created: float, chance: Random) -> list[dict[str, Any]]:
    return [
        {
            "id": str(FIRST_CHILD_ID + (medium - FIRST_ID) * 16 + place),
            "media_type": "IMAGE",
            "media_url": _url(f"{code}{place}", "jpg", created),
            "permalink": f"https://www.instagram.com/p/{code}{place}/",
            "timestamp": datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000"),
        }
        for place in range(chance.randint(2, 6))
    ]


def _url(code: str, suffix: str, created: float) -> str:
    """A signed address that expires, invented."""
    return f"https://media.sandbox.invalid/{code}.{suffix}?_nc_cat=1&oh={code}&oe={int(created + 14 * DAY):X}"
