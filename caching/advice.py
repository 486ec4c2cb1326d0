"""What an operator could change about a namespace; every piece of advice carries the figure behind it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from caching.rules import LONGEST_SECONDS, SHORTEST_SECONDS

Kind = Literal["grow", "longer_ttl", "not_worth_caching"]

ENOUGH_LOOKUPS = 1000  # before that, nothing is advised
GROW_FROM_GHOST_PERCENT = 5.0  # of the lookups found what had just been pushed out
LONGER_FROM_EXPIRED_PERCENT = 50.0  # of what went, went because its time was over
LONGER_FROM_AGAIN_PERCENT = (
    5.0  # of the lookups had to compute, although no write and no lack of room said so
)
NOT_WORTH_BELOW_HIT_PERCENT = 20.0
NOT_WORTH_BELOW_SAVED_MS = 0.05  # per lookup; a lookup and its keeping cost a fiftieth


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to do, in a sentence with the figure that says so.

    Attributes:
        kind: `grow` it, give it a `longer_ttl`, or do without it (`not_worth_caching`).
        text: for people.
        figure: the number behind it, in `unit`.
    """

    kind: Kind
    text: str
    figure: float
    unit: str


def advice(stats: Mapping[str, Any]) -> list[Advice]:
    """What the figures of `Namespace.stats` suggest; nothing when all is well, or too little was asked yet."""
    lookups = stats["hits"] + stats["misses"]
    if lookups < ENOUGH_LOOKUPS:
        return []
    if useless := _not_worth_caching(stats, lookups):
        return [useless]
    return [found for found in (_grow(stats, lookups), _longer_ttl(stats, lookups)) if found]


def _not_worth_caching(stats: Mapping[str, Any], lookups: int) -> Advice | None:
    hit_percent, saved_ms = 100 * stats["hits"] / lookups, stats["saved_ms"] / lookups
    if hit_percent < NOT_WORTH_BELOW_HIT_PERCENT and not stats["ghost_hits"]:
        text = f"Not worth caching: {hit_percent:.1f} % of {lookups} lookups were hits"
        return Advice("not_worth_caching", text, hit_percent, "percent")
    if saved_ms < NOT_WORTH_BELOW_SAVED_MS:
        text = f"Not worth caching: a lookup saves {1e3 * saved_ms:.0f} µs"
        return Advice("not_worth_caching", text, saved_ms, "ms")
    return None


def _grow(stats: Mapping[str, Any], lookups: int) -> Advice | None:
    percent = 100 * stats["ghost_hits"] / lookups
    if percent < GROW_FROM_GHOST_PERCENT:
        return None
    by_bytes = stats["items"] < stats["max_items"]
    bound = f"{stats['max_bytes'] / 2**20:.0f} MiB" if by_bytes else f"{stats['max_items']} entries"
    text = f"Grow it: {percent:.1f} % of the lookups asked for what {bound} had just pushed out"
    return Advice("grow", text, percent, "percent")


def _longer_ttl(stats: Mapping[str, Any], lookups: int) -> Advice | None:
    """Writes tell of themselves, so where time takes more than they do, time is what costs hits. Where a TTL is
    shorter than that of such a namespace, it was chosen for how old an answer may be."""
    gone = stats["expirations"] + stats["evictions"] + stats["forgotten"]
    if not gone or not SHORTEST_SECONDS <= stats["ttl_seconds"] < LONGEST_SECONDS:
        return None
    expired = 100 * stats["expirations"] / gone
    again = 100 * stats["expirations"] / lookups
    if expired < LONGER_FROM_EXPIRED_PERCENT or again < LONGER_FROM_AGAIN_PERCENT:
        return None
    text = f"Longer TTL: {expired:.0f} % of what was dropped was only out of its {stats['ttl_seconds']:.0f} s"
    return Advice("longer_ttl", text, expired, "percent")
