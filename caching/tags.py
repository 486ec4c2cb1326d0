"""What a write may name, and which kept answers carry a tag of their own."""

from collections.abc import Hashable, Iterable

from caching.entry import key_digest

ALL = "*"
WRITTEN_REMEMBERED = 10_000  # tags; beyond, everything counts as written


def namespace_tag(name: str) -> str:
    """The tag that empties one namespace."""
    return f"namespace:{name}"


def key_tag(namespace: str, text: str) -> str:
    """The tag that takes one key; `text` as `top_keys` tells it."""
    return f"key:{namespace}:{key_digest(text)}"


def tags_of(word: str) -> tuple[str, ...]:
    """The tags of a word of a write (db/written.py): `ID TAG TAG …`."""
    return tuple(word.split(" ")[1:])


class TagIndex:
    """Which answers of a namespace carry a tag, and what was written while others were being computed.

    Nothing is looked up in it until somebody uses tags (`in_use`).
    """

    def __init__(self) -> None:
        self.in_use = False
        self._keys: dict[str, set[Hashable]] = {}
        self._written: dict[str, int] = {}  # tag -> generation, of those written during a computation
        self._all_written = 0

    def add(self, key: Hashable, tags: Iterable[str]) -> None:
        for tag in tags:
            self._keys.setdefault(tag, set()).add(key)

    def remove(self, key: Hashable, tags: Iterable[str]) -> None:
        for tag in tags:
            keys = self._keys.get(tag)
            if keys is not None:
                keys.discard(key)
                if not keys:
                    del self._keys[tag]

    def note(self, tag: str, generation: int, remember: bool) -> list[Hashable]:
        """A tag was written; the keys that carry it. Remembered only while something is being computed."""
        if not remember:
            self._written.clear()
        elif len(self._written) < WRITTEN_REMEMBERED:
            self._written[tag] = generation
        else:
            self.note_all(generation)
        return list(self._keys.get(tag, ()))

    def note_all(self, generation: int) -> None:
        """Everything was written."""
        self._all_written = generation
        self._written.clear()

    def was_written_since(self, generation: int, tags: Iterable[str]) -> bool:
        """Whether any of it was written after an answer of that generation was begun."""
        return self._all_written > generation or any(self._written.get(tag, 0) > generation for tag in tags)
