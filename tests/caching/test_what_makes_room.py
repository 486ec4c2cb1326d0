import random

from caching.entry import Entry
from caching.store import Store


def entry(size_bytes: int = 1) -> Entry:
    return Entry(b"", size_bytes, 0, 0, 0, 0, 0)


def ask(store: Store, key: object, size_bytes: int = 1) -> bool:
    """Whether it was there; it is now, if the store wants it."""
    found = store.entries.get(key)
    if found is not None:
        found.visits += 1
        return True
    store.put(key, entry(size_bytes))
    return False


def test_never_more_items_or_bytes_than_there_may_be() -> None:
    store, chance = Store(max_items=50, max_bytes=1000), random.Random(1)
    for _ in range(5000):
        ask(store, chance.randrange(200), chance.randrange(1, 120))
        assert len(store.entries) <= 50
        assert store.size_bytes == sum(one.size_bytes for one in store.entries.values()) <= 1000
        if not chance.randrange(10):
            store.remove(chance.randrange(200))
    assert store.remove_all() == len(store.entries) or not store.entries
    assert store.size_bytes == 0


def test_a_scan_pushes_out_nothing_that_is_in_use() -> None:
    store = Store(max_items=100, max_bytes=10**6)
    for _ in range(3):
        for key in range(80):
            ask(store, key)
    for key in range(1000, 3000):
        ask(store, key)
    assert sum(key in store.entries for key in range(80)) >= 75


def test_whoever_comes_back_soon_was_missed_and_stays() -> None:
    store = Store(max_items=20, max_bytes=10**6)
    for key in range(21):
        ask(store, key)
    assert store.evictions == 1
    assert store.is_ghost(0)
    ask(store, 0)
    for key in range(100, 119):
        ask(store, key)
    assert 0 in store.entries


def test_what_alone_is_too_large_is_not_kept_and_pushes_nothing_out() -> None:
    store = Store(max_items=20, max_bytes=100)
    ask(store, "small", 60)
    assert store.put("large", entry(101)) is False
    assert list(store.entries) == ["small"]


def test_a_larger_answer_takes_the_place_of_a_smaller_one() -> None:
    store = Store(max_items=20, max_bytes=100)
    for key in ("a", "b", "c"):
        ask(store, key, 30)
    store.put("b", entry(60))
    assert store.size_bytes <= 100
    assert store.entries["b"].size_bytes == 60
    assert store.put("b", entry(101)) is False
    assert "b" not in store.entries


def test_whoever_leaves_is_told_of() -> None:
    left: list[object] = []
    store = Store(max_items=2, max_bytes=100, on_leave=lambda key, _: left.append(key))
    for key in ("a", "b", "c"):
        ask(store, key)
    store.remove("c")
    assert left == ["a", "c"]
