"""The sandbox's Instagram accounts: two invented businesses for nearly every category, the same for the same seed."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from collectors.sandbox.chance import dice
from collectors.sandbox.rhythm import ANCHOR, DAY
from collectors.sandbox.vocabulary import Topic, topics

FORBIDDEN = "sandbox.forbidden"
"""An account that the caller has no permission for."""
ENDINGS = ("atelier", "dispatch", "harbor", "weekly", "corner", "supply")
BIOGRAPHIES = (
    "All things {subject}: {thing}s, {other}s and good company.",
    "We help you {act}. New every week.",
    "{subject} since {year} | orders by message",
    "",
)
LONGEST_NAME = 30
FIRST_ID = 17_841_400_000_000_000  # beyond 2^53, as Instagram's are
GREATEST_GROWTH = 0.9


@dataclass(frozen=True, slots=True)
class Account:
    """What of a business account does not change."""

    index: int
    id: str
    ig_id: str
    username: str
    name: str
    biography: str
    website: str
    topic: Topic
    subject: str
    followers: float
    """at the anchor of `rhythm`"""
    daily_growth: float
    follows: int
    posts_per_day: float
    first_day: int
    """epoch days; when it began to post"""
    hides_likes: bool


@lru_cache(maxsize=4)
def accounts(seed: int) -> dict[str, Account]:
    """The accounts of a seed by username; built in a millisecond."""
    made = [
        _account(seed, place * 2 + which, topic)
        for place, topic in enumerate(topics()[:-1])
        for which in (0, 1)
    ]
    return {account.username: account for account in made}


def sandbox_accounts(seed: int = 7) -> tuple[str, ...]:
    """Usernames to follow; they are the same for every seed."""
    return tuple(accounts(seed))


def followers(account: Account, now: float) -> int:
    """Followers at a time: steady growth that levels off, and a weekly ripple."""
    days = (now - ANCHOR) / DAY
    grown = GREATEST_GROWTH * np.tanh(account.daily_growth * days / GREATEST_GROWTH)
    return int(account.followers * np.exp(grown + 0.001 * np.sin(2 * np.pi * days / 7 + account.index)))


def _account(seed: int, index: int, topic: Topic) -> Account:
    subject = topic.subjects[index % 2 * 3]
    chance = dice(index, seed + 20)
    thing, other = chance.sample(topic.things, 2)
    words = {"subject": subject, "thing": thing, "other": other, "act": chance.choice(topic.acts)}
    username = _username(subject, ENDINGS[index % len(ENDINGS)])
    return Account(
        index=index,
        id=str(FIRST_ID + seed % 1_000 * 1_000_000 + index * 7_919),
        ig_id=str(3_000_000_000 + seed % 1_000 * 100_000 + index * 31),
        username=username,
        name=f"{subject} {username.rpartition('.')[2].capitalize()}",
        biography=chance.choice(BIOGRAPHIES).format(**words, year=chance.randint(2012, 2024)),
        website=f"https://{topic.site}/" if chance.random() < 0.7 else "",
        topic=topic,
        subject=subject,
        followers=min(max(chance.lognormvariate(np.log(18_000), 1.6), 300), 5e6),
        daily_growth=chance.gauss(0.0011, 0.0014),
        follows=chance.randint(20, 1_800),
        posts_per_day=chance.uniform(0.25, 2.5),
        first_day=int(ANCHOR // DAY) - chance.randint(60, 700),
        hides_likes=chance.random() < 0.15,
    )


def _username(subject: str, ending: str) -> str:
    stem = subject.lower().replace(" ", "").replace("-", "")
    return f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}"
