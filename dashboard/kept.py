"""Short answers kept for all viewers.

Not `st.cache_data`: that pickles each answer on every hit, and warns when its module is imported before the
server runs, as the process does here. Kept answers are shared, so nobody may change them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from threading import Lock
from typing import Any, ParamSpec, TypeVar

from cachetools import TTLCache
from cachetools.keys import hashkey

P = ParamSpec("P")
T = TypeVar("T")
_lock = Lock()


@dataclass(slots=True)
class Kept:
    """What one function's answers did since the process began; `name` with its module's last part."""

    name: str
    answers: "TTLCache[Any, Any]" = field(repr=False)
    hits: int = 0
    misses: int = 0


_all: list[Kept] = []


def kept(seconds: float, entries: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Keep what a function answered to the same arguments for some seconds, `entries` answers at most."""

    def keeping(function: Callable[P, T]) -> Callable[P, T]:
        answers: TTLCache[Any, T] = TTLCache(entries, seconds)
        name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
        one = Kept(name, answers)
        _all.append(one)

        @wraps(function)
        def answer(*args: P.args, **kwargs: P.kwargs) -> T:
            question = hashkey(*args, *kwargs.values())
            with _lock:
                if question in answers:
                    one.hits += 1
                    return answers[question]
                one.misses += 1
            found = function(*args, **kwargs)
            with _lock:
                answers[question] = found
            return found

        return answer

    return keeping


def forget() -> None:
    """Ask everything anew."""
    with _lock:
        for one in _all:
            one.answers.clear()


def told() -> list[dict[str, Any]]:
    """name, hits, misses, items, max_items and ttl_seconds of each function, the most asked first."""
    with _lock:
        found = [
            {
                "name": one.name,
                "hits": one.hits,
                "misses": one.misses,
                "items": len(one.answers),
                "max_items": int(one.answers.maxsize),
                "ttl_seconds": float(one.answers.ttl),
            }
            for one in _all
        ]
    return sorted(found, key=lambda row: -(row["hits"] + row["misses"]))
