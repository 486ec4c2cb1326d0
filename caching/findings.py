"""What is wrong with the caches, and what could be better; judged here, so that a page only shows it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from caching.advice import advice

Severity = Literal["watch", "advice"]
KEEPS_WHEN_FULL = "noeviction"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    Attributes:
        severity: `watch` it, or `advice` that can wait.
        subject: what it is about: a namespace, Redis, an edge.
        title: what, in a few words.
        sentence: the figure behind it, and what to do.
    """

    severity: Severity
    subject: str
    title: str
    sentence: str


def findings(
    namespaces: Iterable[Mapping[str, Any]],
    hears: bool,
    level: Mapping[str, Any] | None,
    server: Mapping[str, Any] | None,
    edges: Iterable[Mapping[str, Any]],
) -> list[Finding]:
    """What to watch first, then advice.

    Args:
        namespaces: figures as `Namespace.stats` tells them, of whichever time is judged.
        hears: whether this process hears of writes.
        level: the second level's stats, None where there is none.
        server: what Redis says of its memory (ServerFigures), None where it was not asked.
        edges: `edge` and `last_failure` of each cache in front of us.
    """
    found = [] if hears else [_DEAF]
    if level is not None and not level["works"]:
        found.append(_redis_is_off(str(level["trouble"])))
    found += [_untold(one["edge"], one["last_failure"]) for one in edges if one["last_failure"]]
    if server is not None and (memory := _memory_of(server)):
        found.append(memory)
    return found + [
        Finding("advice", one["namespace"], one["namespace"], said.text)
        for one in namespaces
        for said in advice(one)
    ]


_DEAF = Finding(
    "watch",
    "writes",
    "Answers are kept for a second only",
    "PostgreSQL tells this process of no writes at present. It connects again by itself; behind a pooler in "
    "transaction mode it cannot, so give it one in session mode.",
)


def _redis_is_off(trouble: str) -> Finding:
    return Finding(
        "watch",
        "Redis",
        "Redis is off, and memory serves alone",
        f"{trouble.rstrip('.')}. It is tried four times a second and comes back by itself.",
    )


def _untold(edge: str, failure: str) -> Finding:
    return Finding(
        "watch",
        edge,
        f"{edge} is not told what to forget",
        f"The last try failed: {failure}. What it keeps may be as old as its time allows.",
    )


def _memory_of(server: Mapping[str, Any]) -> Finding | None:
    """Redis forgets what was asked for least only where it is told to."""
    if server["limit_bytes"] == 0:
        return Finding(
            "advice",
            "Redis",
            "Redis has no bound",
            f"It holds {server['memory_bytes'] / 2**20:,.1f} MiB and may take all memory there is: set maxmemory, "
            "and maxmemory-policy allkeys-lru.",
        )
    if server["policy"] == KEEPS_WHEN_FULL:
        return Finding(
            "advice",
            "Redis",
            "Redis takes nothing new once it is full",
            f"maxmemory-policy is {KEEPS_WHEN_FULL}, with {server['memory_bytes'] / 2**20:,.1f} of "
            f"{server['limit_bytes'] / 2**20:,.0f} MiB in use: set it to allkeys-lru.",
        )
    return None
