"""What an answer says: alive, refused (why), or unknown. Three outcomes, never two.

A refusal is Reddit's word on the thing asked for. Everything that only says something about us, the way there
or Reddit's health is unknown, and must never be stored as "gone".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

T_co = TypeVar("T_co", covariant=True)

RefusedReason = Literal[
    "banned",
    "private",
    "quarantined",  # opt-in needed
    "gated",  # a warning page stands before it; opt-in needed
    "missing",
    "forbidden",
    "legal",
    "bad_request",
    "unauthorized",  # our credentials, not the community
]
UnknownReason = Literal[
    "blocked",  # an HTML page with 403: our address or user agent, nothing about the subreddit
    "throttled",
    "server_error",
    "network",  # no answer at all
    "timeout",
    "redirected",  # somewhere else than the search for a missing subreddit
    "bad_body",  # empty, cut or unexpected
    "empty",  # a first page without posts: a quiet community and a missing one look alike
    "unattributed",  # a refusal of several communities at once; whose it is, it does not say
]

OF_THE_COMMUNITY = frozenset({"banned", "private", "quarantined", "gated", "missing", "legal"})
EXCERPT_BYTES = 200


@dataclass(frozen=True, slots=True)
class Alive(Generic[T_co]):
    """Reddit answered with what was asked for."""

    value: T_co


@dataclass(frozen=True, slots=True)
class Refused:
    """Reddit said no; `excerpt` holds the first 200 bytes of its answer, for the log."""

    reason: RefusedReason
    detail: str
    excerpt: bytes = b""

    @property
    def is_of_the_community(self) -> bool:
        """Whether it tells the community's state, rather than that our request or credentials were wrong."""
        return self.reason in OF_THE_COMMUNITY

    def __str__(self) -> str:
        return f"refused ({self.reason}): {self.detail}"


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing was learnt; `retry_after` in seconds where the answer names it."""

    reason: UnknownReason
    detail: str
    retry_after: float | None = None
    excerpt: bytes = b""

    def __str__(self) -> str:
        return f"unknown ({self.reason}): {self.detail}"


Outcome = Alive[T_co] | Refused | Unknown

NO_ANSWER = 0
"""The status of a request that brought back none: connection refused, cut or timed out."""
UNREADABLE = 1
"""The status of an answer whose body is empty, cut or no JSON, whatever status came with it."""

# status -> tries in all; anything else is asked once. prawcore's list and its three tries
# (sessions.py), and 429, which waits for its Retry-After. Two where the next answer is mostly a whole one:
# a body that broke on its way, and Arctic Shift's own time limit, as its database warms up (api/README).
TRIES: Mapping[int, int] = {
    **dict.fromkeys((NO_ANSWER, 408, 429, 500, 502, 503, 504, 520, 522), 3),
    **dict.fromkeys((UNREADABLE, 422), 2),
}


def tries(status: int) -> int:
    """How often a request that ends in this status may be sent in all, the first time included."""
    return TRIES.get(status, 1)
