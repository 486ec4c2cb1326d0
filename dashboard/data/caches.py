"""Caches: as they are now in this process, and what they did over a range in all of them."""

from array import array
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isnan, nan

from dashboard import kept as keeping
from dashboard.data.bridge import (
    WHY_NOT,
    ActionFailed,
    Connection,
    Row,
    act,
    asked,
    connection,
    may_act,
    only_if_allowed,
    told,
)
from dashboard.data.process_caches import ProcessCaches
from dashboard.kept import kept
from db import cache_history, latency
from db.cache_history import COUNTED, FIGURES
from db.levels import finest_at
from db.pool import PoolState

__all__ = [
    "COUNTED",
    "WHY_NOT",
    "History",
    "PoolState",
    "clear",
    "clear_all",
    "clear_key",
    "clear_namespace",
    "findings",
    "history",
    "kept_by_pages",
    "may_clear",
    "not_modified",
    "now",
    "of_range",
    "top_keys",
]

PAGE = "cache"
COLUMNS = (*FIGURES, "hit_rate")
Columns = tuple["array[float]", ...]  # epoch seconds, then COLUMNS; not a number where nothing is known
NOTHING: Row = {
    "namespaces": [],
    "hears": True,
    "level": None,
    "server": None,
    "edges": [],
    "codings": [],
    "clients": [],
    "pool": None,
}


@dataclass(frozen=True, slots=True)
class History:
    """What the caches did over a range, all processes together; bare numbers, which take a tenth of the memory.

    Attributes:
        step_seconds: at least as asked for, longer where the range is so old that nothing finer is kept.
        columns, whole: by namespace, the steps, and all of them as one (db/cache_history.py); None stands for all
            namespaces together.
    """

    step_seconds: int
    columns: Mapping[str | None, Columns]
    whole: Mapping[str | None, Mapping[str, float | None]]

    def steps(self, namespace: str | None) -> list[Row]:
        """at and COLUMNS of each step that has readings, oldest first."""
        return [
            {
                "at": datetime.fromtimestamp(at, UTC),
                **{
                    name: None if isnan(value) else value for name, value in zip(COLUMNS, values, strict=True)
                },
            }
            for at, *values in zip(*self.columns.get(namespace, ()), strict=True)
        ]


@kept(seconds=2, entries=1)
def now() -> Row:
    """What this process knows: namespaces, hears, level, server, edges, codings, clients, pool; needs no database."""

    async def ask(there: Connection) -> Row:
        return await there.caches.told() if there.caches is not None else NOTHING

    return told(ask)


@kept(seconds=5, entries=12)
def history(names: tuple[str, ...], since: datetime, until: datetime, step_seconds: int) -> History:
    """Of these namespaces, and of all of them together."""
    step = max(step_seconds, finest_at(since.timestamp(), datetime.now(UTC).timestamp()).width)
    found = asked(PAGE, lambda db: cache_history.over_time(db, names, since, until, step))
    steps: dict[str | None, list[Row]] = {None: cache_history.together(found)}
    steps.update(found)
    return History(
        step,
        {name: _columns(each) for name, each in steps.items()},
        {name: cache_history.over_range(each) for name, each in steps.items()},
    )


def _columns(steps: Sequence[Row]) -> Columns:
    return (
        array("d", [step["at"].timestamp() for step in steps]),
        *(array("d", [nan if step[name] is None else step[name] for step in steps]) for name in COLUMNS),
    )


def of_range(namespaces: Sequence[Row], past: History | None) -> list[Row]:
    """Namespaces with what they did in a range in the place of what they did since the process began, the most asked
    first; as they are while the history is not known."""
    rows = [{**one, **_counted(past, one["namespace"])} for one in namespaces]
    return sorted(rows, key=lambda row: -(row["hits"] + row["misses"]))


def _counted(past: History | None, name: str) -> Row:
    if past is None:
        return {}
    whole = past.whole[name]
    return {**{figure: whole[figure] or 0.0 for figure in COUNTED}, "hit_rate": whole["hit_rate"]}


def findings(namespaces: Sequence[Row]) -> list[Row]:
    """What is wrong or could be better, what to watch first: severity, subject, title, sentence.

    Args:
        namespaces: as `of_range` returned them.
    """
    there = connection()
    if there is None or there.caches is None:
        return []
    return [*_in_the_strip(there.present(), namespaces), *there.caches.findings(namespaces, now())]


def _in_the_strip(present: Row, namespaces: Sequence[Row]) -> list[Row]:
    """The overview's verdict, where it is not good, so that whoever followed it finds it here with its cause."""
    most = max(namespaces, key=lambda row: row["misses"], default=None)
    cause = f" Most misses: {most['namespace']}, {most['misses']:,.0f} in this range." if most else ""
    return [
        {
            "severity": "watch",
            "subject": "caches",
            "title": one["word"],
            "sentence": f"This process: {one['detail']}.{cause}",
        }
        for one in present.get("verdicts", ())
        if one["name"] == "Cache" and one["state"] in ("warning", "bad")
    ]


@kept(seconds=2, entries=20)
def top_keys(namespace: str) -> list[Row]:
    """The keys most asked for since the process began: key, hits, is_kept, bytes, cost_ms."""

    async def ask(there: Connection) -> list[Row]:
        return await there.caches.top_keys(namespace) if there.caches is not None else []

    return told(ask)


@kept(seconds=5, entries=12)
def not_modified(since: datetime, until: datetime) -> tuple[int, int]:
    """(requests to the API that ended with 304, all requests to it) over a range."""
    found = [
        one
        for one in asked(PAGE, lambda db: latency.by_route(db, since, until))
        if one.method in ("GET", "HEAD") and one.route.startswith("/")
    ]
    return sum(one.redirections for one in found), sum(one.count for one in found)


def kept_by_pages() -> list[Row]:
    """What `kept` keeps for pages: name, hits, misses, items, max_items, ttl_seconds; the most asked first."""
    return keeping.told()


def may_clear() -> bool:
    """Whether viewers may clear caches, and there is a process that can."""
    there = connection()
    return may_act() and there is not None and there.caches is not None


def clear(tag: str) -> int:
    """Have every process forget what carries a tag; how many answers this one forgot.

    Raises:
        ActionFailed: with the reason.
    """
    if not tag or any(sign.isspace() for sign in tag):
        raise ActionFailed("a tag is one word, such as subreddits or subreddit:askreddit")
    return _cleared(lambda caches: caches.clear(tag))


def clear_namespace(name: str) -> int:
    """The same of a whole namespace."""
    return _cleared(lambda caches: caches.clear_namespace(name))


def clear_key(namespace: str, text: str) -> int:
    """The same of one key, as `top_keys` tells it."""
    return _cleared(lambda caches: caches.clear_key(namespace, text))


def clear_all() -> int:
    """The same of everything."""
    return _cleared(lambda caches: caches.clear_all())


def _cleared(deed: Callable[[ProcessCaches], Awaitable[int]]) -> int:
    there = connection()
    if there is None or there.caches is None:
        raise ActionFailed("this process has no caches")
    only_if_allowed()
    return act(there, PAGE, deed(there.caches))
