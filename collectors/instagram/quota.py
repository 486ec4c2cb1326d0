"""How much of Meta's limits is used, from two headers, and how to stay below them.

`X-App-Usage` is an object of whole percentages; `X-Business-Use-Case-Usage` maps an id to a list of such objects,
each with its type and, once it is exceeded, the minutes until it is not (Graph API, "Rate Limiting").
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import orjson

MEASURES = ("call_count", "total_time", "total_cputime")
MOST_PERCENT = 1_000.0
SLOW_FROM_PERCENT = 80.0
STOP_FROM_PERCENT = 95.0  # at 100 it answers no more, and is in no hurry to begin again
LONGEST_PAUSE_SECONDS = 20.0  # 200 calls an hour, the least that anybody has, are one each 18 s
REST_SECONDS = 900.0  # where nothing says how long; usage counts over one rolling hour
LONGEST_REST_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Quota:
    """The scarcest limit that one answer told of."""

    percent: float
    """used of it; may exceed 100"""
    name: str
    """whose limit and which, as `app call_count` or `instagram total_time`"""
    regain_seconds: float | None
    """until it is below its limit again; None while it is, or where it is not told"""

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> Self | None:
        """The scarcest of all limits in the headers; None when they tell of none, which is not zero."""
        lowered = {name.lower(): value for name, value in headers.items()}
        found = [
            *_usages("app", _parsed(lowered.get("x-app-usage"))),
            *_business_usages(_parsed(lowered.get("x-business-use-case-usage"))),
        ]
        if not found:
            return None
        percent, name = max(found, key=lambda usage: usage[0])[:2]
        waits = [seconds for _, _, seconds in found if seconds]
        return cls(percent, name, max(waits, default=None))

    @property
    def pause_seconds(self) -> float:
        """How long to wait before the next request: nothing below 80 %, ever longer towards 95 %."""
        beyond = (self.percent - SLOW_FROM_PERCENT) / (STOP_FROM_PERCENT - SLOW_FROM_PERCENT)
        return LONGEST_PAUSE_SECONDS * min(max(beyond, 0.0), 1.0)

    @property
    def rest_seconds(self) -> float:
        """How long to ask nothing at all; 0 below 95 % while nothing is exceeded."""
        if self.regain_seconds is not None:
            return min(self.regain_seconds, LONGEST_REST_SECONDS)
        return REST_SECONDS if self.percent >= STOP_FROM_PERCENT else 0.0


Usage = tuple[float, str, float]


def _usages(owner: str, usage: Any) -> Iterator[Usage]:
    """(percent, name, seconds to regain access) of each measure of one limit."""
    if not isinstance(usage, dict):
        return
    minutes = _number(usage.get("estimated_time_to_regain_access")) or 0.0
    for measure in MEASURES:
        percent = _number(usage.get(measure))
        if percent is not None:
            yield min(percent, MOST_PERCENT), f"{owner} {measure}", minutes * 60


def _business_usages(value: Any) -> Iterator[Usage]:
    if not isinstance(value, dict):
        return
    for usages in value.values():
        for usage in usages if isinstance(usages, list) else ():
            kind = usage.get("type") if isinstance(usage, dict) else None
            yield from _usages(kind[:40] if isinstance(kind, str) else "business", usage)


def _parsed(text: str | None) -> Any:
    try:
        return orjson.loads(text) if text else None
    except orjson.JSONDecodeError:
        return None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        return None
    return float(min(value, 2**53))
