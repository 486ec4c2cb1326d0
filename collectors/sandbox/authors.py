"""Who writes: regulars of one community, people who follow its subject, people who roam its category.

Drawn from shared pools, so that related communities have authors in common.
"""

from random import Random

from collectors.sandbox.chance import dice
from collectors.sandbox.vocabulary import FIRST_HALVES, SECOND_HALVES
from collectors.sandbox.world import Community

REGULARS, FOLLOWERS, ROAMERS = 60, 250, 900
AT_HOME, AT_SUBJECT = 0.5, 0.85


def author(seed: int, community: Community, chance: Random) -> str:
    """The author of one post; a few people of each pool write most of it."""
    pool, size = _pool(community, chance.random())
    person = int(size * chance.random() ** 2.5)
    return _name(dice(person, hash_text(f"{seed}/{pool}")))


def hash_text(text: str) -> int:
    """A number for a text, the same in every process (unlike `hash`)."""
    return int.from_bytes(text.encode(), "little") % (2**61 - 1)


def _pool(community: Community, draw: float) -> tuple[str, int]:
    if draw < AT_HOME:
        return community.name, REGULARS
    if draw < AT_SUBJECT:
        return f"{community.topic.category}/{community.subject}", FOLLOWERS
    return community.topic.category, ROAMERS


def _name(chance: Random) -> str:
    halves = chance.choice(FIRST_HALVES), chance.choice(SECOND_HALVES)
    return f"{halves[0]}_{halves[1]}{chance.randrange(10_000)}"[:20]
