"""Names and ids that may go into a question: what cannot be one is not asked for."""

import re
from collections.abc import Sequence

from collectors.errors import TooManyNames

SUBREDDIT_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{1,23}")
"""A dot in reddit.com, a dash in u_some-body; never `..`, as names go into paths."""
FULLNAME = re.compile(r"t[35]_[a-z0-9]{1,13}")


def askable_names(names: Sequence[str]) -> list[str]:
    """Those that can be a subreddit's name."""
    return [name for name in names if SUBREDDIT_NAME.fullmatch(name)]


def askable_fullnames(ids: Sequence[str], kind: str) -> list[str]:
    """Those that can be a fullname of the kind, `t3` or `t5`."""
    return [one for one in ids if FULLNAME.fullmatch(one) and one.startswith(f"{kind}_")]


def at_most(most: int, asked: Sequence[str]) -> None:
    """
    Raises:
        TooManyNames: more are asked for than one call takes.
    """
    if len(asked) > most:
        raise TooManyNames(f"{len(asked)} names or ids in one call, of {most} at most")
