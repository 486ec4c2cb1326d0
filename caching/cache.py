"""All namespaces of a process, and what a write means to each.

A write is told by tags. The tag of a namespace empties it; the tag of an entry (`subreddit:t5_2qh1i`) takes only what
carries it. Clearing by hand is a write too: `namespace:NAME`, or `key:NAME:DIGEST`. So all of it goes one way, and
every process hears of it.
"""

import time
from collections import deque
from collections.abc import Callable
from typing import Any

from caching.entry import SizeOf, key_digest, size_of_bytes
from caching.hearing import Hearing
from caching.namespace import Namespace
from caching.rules import MAX_BYTES, MAX_ITEMS, NEGATIVE_SECONDS, Rules
from caching.second_level import SecondLevel

WORDS_REMEMBERED = 4096
ALL = "*"


def namespace_tag(name: str) -> str:
    """The tag that empties one namespace."""
    return f"namespace:{name}"


def key_tag(namespace: str, text: str) -> str:
    """The tag that takes one key; `text` as `top_keys` tells it."""
    return f"key:{namespace}:{key_digest(text)}"


def tags_of(word: str) -> tuple[str, ...]:
    """The tags of a word of a write (db/written.py): `ID TAG TAG …`."""
    return tuple(word.split(" ")[1:])


class Cache:
    """Namespaces by name. What each depends on is said by its tags; a write names tags.

    Args:
        level: what its shared namespaces share with other processes.
        timer: seconds.
    """

    def __init__(self, level: SecondLevel | None = None, timer: Callable[[], float] = time.monotonic) -> None:
        self.namespaces: dict[str, Namespace] = {}
        self.hearing = Hearing(timer)
        self.level = level
        self._timer = timer
        self._tags: dict[str, list[Namespace]] = {}
        self._heard: deque[str] = deque(maxlen=WORDS_REMEMBERED)
        self._heard_once: set[str] = set()
        self._observers: list[Callable[[tuple[str, ...]], None]] = []

    def add(
        self,
        name: str,
        *,
        ttl_seconds: float,
        tags: tuple[str, ...],
        max_items: int = MAX_ITEMS,
        max_bytes: int = MAX_BYTES,
        stale_seconds: float = 0.0,
        negative_seconds: float = NEGATIVE_SECONDS,
        size_of: SizeOf = size_of_bytes,
        is_negative: Callable[[Any], bool] = lambda value: value is None,
        is_shared: bool = False,
        timer: Callable[[], float] | None = None,
    ) -> Namespace:
        """A new namespace, emptied whenever one of `tags` is written; see Rules for the rest.

        Raises:
            ValueError: a number out of its range, and what the range is.
        """
        rules = Rules(
            ttl_seconds,
            tags,
            max_items,
            max_bytes,
            stale_seconds,
            negative_seconds,
            size_of,
            is_negative,
            is_shared,
        )
        namespace = Namespace(name, rules, self.hearing, self.level, timer or self._timer)
        self.namespaces[name] = namespace
        for tag in (*tags, namespace_tag(name)):
            self._tags.setdefault(tag, []).append(namespace)
        return namespace

    def observe(self, observer: Callable[[tuple[str, ...]], None]) -> None:
        """Call `observer(tags)` after each write was heard and what it touched forgotten; `("*",)` for everything."""
        self._observers.append(observer)

    def gap(self) -> None:
        """Words may have been lost: forget everything, and trust nothing until we hear again."""
        self.hearing.end()
        self.invalidate_all()

    def hear(self, word: str) -> None:
        """A word of a write, by whichever way it came; the second time it is no news."""
        if word in self._heard_once:
            return
        if len(self._heard) == WORDS_REMEMBERED:
            self._heard_once.discard(self._heard[0])
        self._heard.append(word)
        self._heard_once.add(word)
        self.invalidate(*tags_of(word))

    def invalidate(self, *tags: str) -> int:
        """Something tagged so was written; how many answers were forgotten."""
        forgotten = sum(map(self._forget, tags))
        for observer in self._observers:
            observer(tags)
        return forgotten

    def _forget(self, tag: str) -> int:
        if tag == ALL:
            return sum(namespace.invalidate() for namespace in self.namespaces.values())
        kind, _, rest = tag.partition(":")
        if kind == "key":
            name, _, digest = rest.rpartition(":")
            return self.namespaces[name].forget_key(digest) if name in self.namespaces else 0
        emptied = self._tags.get(tag, [])
        forgotten = sum(namespace.invalidate(by_hand=kind == "namespace") for namespace in emptied)
        others = [namespace for namespace in self.namespaces.values() if namespace not in emptied]
        return forgotten + sum(namespace.forget(tag) for namespace in others)

    def invalidate_all(self) -> None:
        """Nobody knows what was written, as after losing the connection that tells."""
        self.invalidate(ALL)

    def counts(self) -> tuple[int, int, int]:
        """(hits, misses, entries kept now) of all namespaces; cheap enough for every second."""
        namespaces = self.namespaces.values()
        return (
            sum(one.counters.hits for one in namespaces),
            sum(one.counters.misses for one in namespaces),
            sum(one.items for one in namespaces),
        )

    def stats(self) -> list[dict[str, Any]]:
        """Every namespace's figures."""
        return [namespace.stats() for namespace in self.namespaces.values()]
