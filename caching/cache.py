"""All namespaces of a process, and what a write means to each.

A write is told by tags. The tag of a namespace empties it; the tag of an entry (`subreddit:t5_2qh1i`) takes only what
carries it. Clearing by hand is a write too: `namespace:NAME`, or `key:NAME:DIGEST`. So all of it goes one way, and
every process hears of it.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any
from uuid import uuid4

from caching.entry import SizeOf, size_of_bytes
from caching.hearing import Hearing
from caching.namespace import Compute, Namespace, Tags
from caching.rules import MAX_BYTES, MAX_ITEMS, NEGATIVE_SECONDS, Rules
from caching.second_level import SecondLevel
from caching.tags import ALL, namespace_tag, tags_of

WORDS_REMEMBERED = 4096


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
        self._heard: OrderedDict[str, None] = OrderedDict()
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

    async def ask(self, namespace: str, key: Hashable, compute: Compute, tags: Tags = ()) -> Any:
        """What `Namespace.get` brings, by the namespace's name; for those who cannot hold the namespace itself."""
        return await self.namespaces[namespace].get(key, compute, tags)

    def observe(self, observer: Callable[[tuple[str, ...]], None]) -> None:
        """Call `observer(tags)` after each write was heard and what it touched forgotten; `("*",)` for everything."""
        self._observers.append(observer)

    def hear(self, word: str) -> None:
        """A word of a write, by whichever way it came; the second time it is no news."""
        if word in self._heard:
            return
        self._heard[word] = None
        if len(self._heard) > WORDS_REMEMBERED:
            self._heard.popitem(last=False)
        if self.level is not None:
            self.level.pass_on(word)
        self._forget_all(tags_of(word))

    def gap(self) -> None:
        """Words may have been lost: forget everything, and trust nothing until we hear again."""
        self.hearing.end()
        if self.level is not None:
            self.level.gap()
        self._forget_all((ALL,))

    def invalidate(self, *tags: str) -> int:
        """Something tagged so was written; how many answers were forgotten here. Where there is a second level, the
        processes that share it hear of it too."""
        before = sum(one.counters.forgotten for one in self.namespaces.values())
        self.hear(" ".join((uuid4().hex, *tags)))
        return sum(one.counters.forgotten for one in self.namespaces.values()) - before

    def _forget_all(self, tags: tuple[str, ...]) -> None:
        for tag in tags:
            self._forget(tag)
        for observer in self._observers:
            observer(tags)

    def _forget(self, tag: str) -> None:
        kind, _, rest = tag.partition(":")
        if kind == "key":
            name, _, digest = rest.rpartition(":")
            if name in self.namespaces:
                self.namespaces[name].forget_key(digest)
            return
        emptied = self.namespaces.values() if tag == ALL else self._tags.get(tag, ())
        for namespace in emptied:
            namespace.invalidate(by_hand=kind == "namespace")
        for namespace in self.namespaces.values():
            if namespace not in emptied:
                namespace.forget(tag)

    def counts(self) -> tuple[int, int, int]:
        """(hits, misses, entries kept now) of all namespaces; cheap enough for every second."""
        namespaces = self.namespaces.values()
        return (
            sum(one.counters.hits for one in namespaces),
            sum(one.counters.misses for one in namespaces),
            sum(one.items for one in namespaces),
        )

    def level_stats(self) -> dict[str, Any] | None:
        """The second level's figures, whether it works and why not; None where there is none."""
        return self.level.stats() if self.level is not None else None

    def stats(self) -> list[dict[str, Any]]:
        """Every namespace's figures."""
        return [namespace.stats() for namespace in self.namespaces.values()]
