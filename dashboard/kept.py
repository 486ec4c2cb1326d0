"""Short answers kept for all viewers.

Not `st.cache_data`: that pickles each answer on every hit, and warns when its module is imported before the
server runs, as the process does here. Kept answers are shared, so nobody may change them.
"""

from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import Any, ParamSpec, TypeVar

from cachetools import TTLCache
from cachetools.keys import hashkey

P = ParamSpec("P")
T = TypeVar("T")
_lock = Lock()
_caches: "list[TTLCache[Any, Any]]" = []


def kept(seconds: float, entries: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Keep what a function answered to the same arguments for some seconds, `entries` answers at most."""

    def keeping(function: Callable[P, T]) -> Callable[P, T]:
        answers: TTLCache[Any, T] = TTLCache(entries, seconds)
        _caches.append(answers)

        @wraps(function)
        def answer(*args: P.args, **kwargs: P.kwargs) -> T:
            question = hashkey(*args, *kwargs.values())
            with _lock:
                if question in answers:
                    return answers[question]
            found = function(*args, **kwargs)
            with _lock:
                answers[question] = found
            return found

        return answer

    return keeping


def forget() -> None:
    """Ask everything anew."""
    with _lock:
        for answers in _caches:
            answers.clear()
