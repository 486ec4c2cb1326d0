from typing import Any

import pytest

from caching.findings import findings
from tests.caching.test_advice import HEALTHY

WORKS = {"works": True, "trouble": None}
BOUNDED = {"memory_bytes": 2**20, "limit_bytes": 2**28, "policy": "allkeys-lru"}


def said(**of: Any) -> list[tuple[str, str]]:
    told = {"namespaces": [], "hears": True, "level": None, "server": None, "edges": [], **of}
    return [(one.severity, one.subject) for one in findings(**told)]


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        ({}, []),
        ({"level": WORKS, "server": BOUNDED}, []),
        ({"hears": False}, [("watch", "writes")]),
        ({"level": {"works": False, "trouble": "Connection refused"}}, [("watch", "Redis")]),
        ({"server": {**BOUNDED, "limit_bytes": 0}}, [("advice", "Redis")]),
        ({"server": {**BOUNDED, "policy": "noeviction"}}, [("advice", "Redis")]),
        ({"server": {**BOUNDED, "limit_bytes": None, "policy": None}}, []),
        ({"edges": [{"edge": "cdn", "last_failure": "status 500"}]}, [("watch", "cdn")]),
        ({"edges": [{"edge": "cdn", "last_failure": None}]}, []),
    ],
    ids=str,
)
def test_what_is_found_follows_from_what_is_told(of: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert said(**of) == expected


def test_advice_comes_last_with_its_figure() -> None:
    full = {**HEALTHY, "namespace": "pages", "ghost_hits": 600, "items": 1000}
    assert said(namespaces=[full], hears=False) == [("watch", "writes"), ("advice", "pages")]
    (only,) = findings([full], True, None, None, [])
    assert "6.0 %" in only.sentence
