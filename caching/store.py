"""What is kept and what makes room: S3-FIFO, bounded in items and in bytes.

Newcomers wait in a small queue, a tenth of the whole; only who was asked again there goes on to the main one. So a
scan passes through the small queue and pushes out nothing that is in use. A hit moves nothing, which makes a lookup
cheaper than an LRU's. Who leaves is remembered by its key for a while, and when it comes back goes straight to the
main queue. After Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023; compared with a plain
LRU in benchmarks/figures/cache_policy.py.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable

from caching.entry import Entry

SMALL_SHARE = 10  # one in so many is in the small queue
MOST_VISITS = 3

Leaving = Callable[[Hashable, Entry], None]
Queue = OrderedDict[Hashable, None]


class Store:
    """Entries by key. Look up in `entries` directly, and count the visit there.

    Args:
        on_leave: told of each entry that is pushed out or removed.
    """

    def __init__(self, max_items: int, max_bytes: int, on_leave: Leaving = lambda key, entry: None) -> None:
        self.max_items, self.max_bytes = max_items, max_bytes
        self.entries: dict[Hashable, Entry] = {}
        self.size_bytes = self.evictions = 0
        self._small: Queue = OrderedDict()
        self._main: Queue = OrderedDict()
        self._ghosts: Queue = OrderedDict()
        self._on_leave = on_leave

    def put(self, key: Hashable, entry: Entry) -> bool:
        """Keep an entry, in the place of an older one of its key; False for what alone exceeds the bound in bytes."""
        if entry.size_bytes > self.max_bytes:
            self.remove(key)
            return False
        before = self.entries.get(key)
        if before is not None:
            self.size_bytes -= before.size_bytes
            entry.hits, entry.visits = before.hits, before.visits
        else:
            came_back = self._ghosts.pop(key, self) is None
            (self._main if came_back else self._small)[key] = None
        self.entries[key] = entry
        self.size_bytes += entry.size_bytes
        while len(self.entries) > self.max_items or self.size_bytes > self.max_bytes:
            self._make_room()
        return key in self.entries

    def is_ghost(self, key: Hashable) -> bool:
        """Whether it was pushed out lately: a larger store would have it still."""
        return key in self._ghosts

    def remove(self, key: Hashable) -> bool:
        """Whether it was there."""
        entry = self.entries.pop(key, None)
        if entry is None:
            return False
        if self._small.pop(key, self) is self:
            del self._main[key]
        self.size_bytes -= entry.size_bytes
        self._on_leave(key, entry)
        return True

    def remove_all(self, keys: Iterable[Hashable] | None = None) -> int:
        """How many of these were there; without keys, all that are."""
        return sum(map(self.remove, list(self.entries if keys is None else keys)))

    def _make_room(self) -> None:
        """Push one entry out, or let one go on to the main queue or to its end."""
        small = self._small
        if not self._main or len(small) > max(1, len(self.entries) // SMALL_SHARE):
            key, _ = small.popitem(last=False)
            entry = self.entries[key]
            if entry.visits:
                entry.visits = 0
                self._main[key] = None
                return
        else:
            key, _ = self._main.popitem(last=False)
            entry = self.entries[key]
            if entry.visits:
                entry.visits -= 1
                self._main[key] = None
                return
        self._push_out(key, entry)

    def _push_out(self, key: Hashable, entry: Entry) -> None:
        del self.entries[key]
        self.size_bytes -= entry.size_bytes
        self.evictions += 1
        self._ghosts[key] = None
        if len(self._ghosts) > self.max_items:
            self._ghosts.popitem(last=False)
        self._on_leave(key, entry)
