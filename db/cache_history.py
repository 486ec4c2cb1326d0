"""How the caches fared, from readings stored every ten seconds: hit rate and more over any range.

Apart from the catalogue in series.py, because only the page about caches reads these, and a namespace has ten.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from db import samples
from db.database import Database
from db.levels import STEP

COUNTED = ("hits", "misses", "stale", "evictions", "expirations", "forgotten", "ghost_hits", "saved_ms")
KEPT = ("items", "bytes")
FIGURES = (*COUNTED, *KEPT)
"""Each a series of every namespace; COUNTED are stored per second, `saved_ms` in ms of computing spared."""


def named(readings: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Figures by namespace as values by series: `cache_stats_hits` and the like."""
    return {
        series_name(namespace, figure): value
        for namespace, figures in readings.items()
        for figure, value in figures.items()
    }


def series_name(namespace: str, figure: str) -> str:
    return f"cache_{namespace}_{figure}"


async def over_time(
    db: Database,
    namespaces: Sequence[str],
    since: datetime,
    until: datetime,
    step_seconds: int,
    process: str | None = None,
) -> dict[str, list[dict[str, Any]]]:
    """By namespace, steps that have readings, oldest first: `at`, COUNTED, KEPT, `hit_rate` in percent.

    COUNTED are how often it happened within the step (`saved_ms`: ms in all), in all processes together where none is
    named; KEPT are what a process held on average. None stands for a figure that has no reading in a step, and for
    the hit rate of a step in which nobody asked.
    """
    names = [series_name(namespace, figure) for namespace in namespaces for figure in FIGURES]
    found = await samples.over_time(db, names, since, until, step_seconds, process)
    return {namespace: _steps(namespace, found) for namespace in namespaces}


def _steps(namespace: str, found: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    by_time: dict[datetime, dict[str, Any]] = {}
    for figure in FIGURES:
        for step in found[series_name(namespace, figure)]:
            empty = {"at": step["at"], **dict.fromkeys(FIGURES)}
            seconds = (
                STEP * step["readings"] if figure in COUNTED else 1
            )  # each reading speaks of STEP seconds
            by_time.setdefault(step["at"], empty)[figure] = step["mean"] * seconds
    return [{**step, "hit_rate": _hit_rate([step])} for _, step in sorted(by_time.items())]


def over_range(steps: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """A namespace's steps as one: COUNTED in all, the mean of KEPT, and the hit rate of the whole range in percent;
    None for what has no reading."""
    whole: dict[str, float | None] = {}
    for figure in FIGURES:
        known = [step[figure] for step in steps if step[figure] is not None]
        whole[figure] = sum(known) / (1 if figure in COUNTED else len(known)) if known else None
    return {**whole, "hit_rate": _hit_rate(steps)}


def together(by_namespace: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """The steps of all namespaces as one list: everything added up, and the hit rate that of all lookups."""
    by_time: dict[datetime, dict[str, Any]] = {}
    for steps in by_namespace.values():
        for step in steps:
            whole = by_time.setdefault(step["at"], {"at": step["at"], **dict.fromkeys(FIGURES)})
            for figure in FIGURES:
                if step[figure] is not None:
                    whole[figure] = (whole[figure] or 0.0) + step[figure]
    return [{**step, "hit_rate": _hit_rate([step])} for _, step in sorted(by_time.items())]


def _hit_rate(steps: Sequence[Mapping[str, Any]]) -> float | None:
    """Percent of all that was asked, so that a busy step counts for more than a quiet one."""
    hits, misses = (sum(step[name] or 0.0 for step in steps) for name in ("hits", "misses"))
    return 100 * hits / (hits + misses) if hits + misses else None
