"""The sandbox's communities: some 2,200 over the taxonomy's categories, the same for the same seed."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from random import Random
from typing import Literal

import numpy as np

from collectors.sandbox.chance import Floats, base36, dice
from collectors.sandbox.vocabulary import COMMUNITY_TITLES, DESCRIPTIONS, FLAIRS, Topic, topics

State = Literal["open", "private", "banned", "quarantined", "gated"]
HOUR = 3_600

# Endings that keep every name invented, and lengths within Reddit's 21.
FORMS = ("{}Nook", "{}Loft", "{}Camp", "The{}Den", "{}Ring", "Ask{}Bay", "{}_row", "{}_bay")
LONGEST_NAME = 21
FIRST_ID = 70_000_000
ID_STEP = 7_919
IDS_OF_SEEDS = 1_000_000_000
"""How far apart the ids of two seeds' communities may lie."""

SPECIAL: dict[str, State] = {
    "SandboxPrivate": "private",
    "SandboxBanned": "banned",
    "SandboxQuarantined": "quarantined",
    "SandboxGated": "gated",
}
COMES_AND_GOES = "SandboxComesAndGoes"
"""Private in every other hour, open in between, for whoever wants to watch a change."""
TURNING_FORM, TURNING_SHARE = "Ring", 0.2
"""Only communities so called change their state, a fifth of them: the others can be relied on."""
PROFILES = 24
# About four communities each that once were open, as an operator meets them.
STATE_BY_REMAINDER: dict[int, State] = {101: "private", 202: "banned", 303: "quarantined", 404: "gated"}


@dataclass(frozen=True, slots=True)
class Turns:
    """A schedule of a community that closes and comes back: once a period, for a while."""

    to: State
    period: float
    """seconds"""
    closed: float
    """seconds of each period"""
    phase: float
    """seconds"""


@dataclass(frozen=True, slots=True)
class Community:
    """What of a community does not change; what grows is worked out in `rhythm`."""

    index: int
    id: str
    """t5 id without prefix"""
    name: str
    topic: Topic
    subject: str
    title: str
    description: str
    type: str
    over18: bool
    is_silent: bool
    """null where others have over18, subscribers and lang, as Reddit does for private ones and some others"""
    state: State | Literal["turning"]
    """what it is at all times; "turning" when `turns` says what it is when"""
    turns: Turns | None
    created_utc: float
    flairs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class World:
    """All communities, and their numbers as arrays in the same order."""

    seed: int
    communities: tuple[Community, ...]
    by_name: dict[str, Community]
    """lower-case name"""
    by_id: dict[str, Community]
    subscribers: Floats
    """at the anchor of `rhythm`; log-normal"""
    daily_growth: Floats
    posts_per_hour: Floats
    peak_hour: Floats
    """UTC"""
    weekend: Floats


def state_at(community: Community, at: float) -> State:
    """What a community is at a time (epoch seconds)."""
    if community.state != "turning":
        return community.state
    turns = community.turns
    assert turns is not None
    return turns.to if (at + turns.phase) % turns.period < turns.closed else "open"


@lru_cache(maxsize=4)
def world(seed: int) -> World:
    """The world of a seed; built in about 0.1 s, a few MB."""
    communities = tuple(_communities(seed))
    chance = np.random.default_rng(seed)
    size = len(communities)
    subscribers = np.clip(chance.lognormal(np.log(9_000), 2.1, size), 60, 3e7)
    return World(
        seed=seed,
        communities=communities,
        by_name={community.name.lower(): community for community in communities},
        by_id={community.id: community for community in communities},
        subscribers=subscribers,
        daily_growth=chance.normal(0.0008, 0.0012, size),
        posts_per_hour=0.01 + 3.0 * (subscribers / 1e6) ** 0.6,
        peak_hour=chance.normal(18.0, 3.0, size),
        weekend=np.array([community.topic.weekend for community in communities]),
    )


def _communities(seed: int) -> list[Community]:
    named = [
        (name, topic, subject) for topic in topics() for subject in topic.subjects for name in _names(subject)
    ]
    Random(seed).shuffle(named)  # else a community's index would give away its category
    general = topics()[-1]
    named += [(name, general, "Sandbox") for name in (*SPECIAL, COMES_AND_GOES)]
    named += [(f"u_sandbox_person_{n}", general, "Profile") for n in range(1, PROFILES + 1)]
    return [_community(seed, index, *parts) for index, parts in enumerate(named)]


def _names(subject: str) -> list[str]:
    return [form.format(_stem(subject, form)) for form in FORMS]


def _stem(subject: str, form: str) -> str:
    """The subject as part of a name, without its last words where it would grow too long."""
    words = subject.replace("-", " ").split()
    joined = "_".join(words).lower() if form.startswith("{}_") else "".join(words)
    if len(form.format(joined)) <= LONGEST_NAME:
        return joined
    return _stem(" ".join(words[:-1]), form)


def _community(seed: int, index: int, name: str, topic: Topic, subject: str) -> Community:
    chance = dice(index, seed)
    turns = _turns(dice(index, seed + 9), name)
    state = "turning" if turns else SPECIAL.get(name) or STATE_BY_REMAINDER.get(index % 500, "open")
    return Community(
        index=index,
        id=base36(FIRST_ID + seed * 104_729_011 % IDS_OF_SEEDS + index * ID_STEP),
        name=name,
        topic=topic,
        subject=subject,
        title=_phrase(chance, COMMUNITY_TITLES, topic, subject),
        description=_phrase(chance, DESCRIPTIONS, topic, subject),
        type=_type(chance, name, state),
        over18=chance.random() < 0.02,
        is_silent=state == "private" or chance.random() < 0.015,
        state=state,
        turns=turns,
        created_utc=float(chance.randint(_epoch(2008), _epoch(2026))),
        flairs=tuple(chance.sample(FLAIRS, 4)),
    )


def _turns(chance: Random, name: str) -> Turns | None:
    if name == COMES_AND_GOES:
        return Turns("private", 2 * HOUR, HOUR, 0.0)
    if not name.endswith(TURNING_FORM) or chance.random() >= TURNING_SHARE:
        return None
    period = chance.uniform(36, 240) * HOUR
    to: State = chance.choice(("private", "private", "banned", "quarantined"))
    return Turns(to, period, period * chance.uniform(0.1, 0.4), chance.uniform(0, period))


def _phrase(chance: Random, phrases: tuple[str, ...], topic: Topic, subject: str) -> str:
    thing, other = chance.sample(topic.things, 2)
    words = {"subject": subject, "thing": thing, "other": other, "act": chance.choice(topic.acts)}
    return chance.choice(phrases).format(**words)


def _type(chance: Random, name: str, state: str) -> str:
    if name.startswith("u_"):
        return "user"
    if state == "private":
        return "private"
    return "restricted" if chance.random() < 0.03 else "public"


def _epoch(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp())
