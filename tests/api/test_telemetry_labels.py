import time

import httpx
import pytest

from api.services import Services
from db.database import Database
from db.requests import RequestRecorder
from db.statements import statements
from tests.factories import subreddit
from tests.stored import keep

Label = tuple[str, str, int]


def labels(services: Services) -> dict[Label, int]:
    """Requests since the last look, by route, method and status class."""
    drained = services.requests.drain()
    found: dict[Label, int] = {}
    for interval in drained.intervals.values():
        for key, counts in interval.items():
            found[key] = found.get(key, 0) + int(counts.sum())
    return found


async def test_requests_are_labelled_by_route_template_method_and_class(
    http: httpx.AsyncClient, services: Services, db: Database
) -> None:
    await keep(db, subreddit())
    await http.get("/health")
    await http.get("/api/stats?x=1")
    await http.get("/api/subreddits?limit=1")
    await http.get("/api/subreddits?limit=0")
    await http.get("/api/subreddits/teapots")
    await http.get("/api/subreddits/Teapots")
    await http.get("/api/subreddits/kettles")
    await http.get("/api/categorization")
    await http.post("/api/categorization", json={})
    assert labels(services) == {
        ("/health", "GET", 2): 1,
        ("/api/stats", "GET", 2): 1,
        ("/api/subreddits", "GET", 2): 1,
        ("/api/subreddits", "GET", 4): 1,
        ("/api/subreddits/{name}", "GET", 2): 2,
        ("/api/subreddits/{name}", "GET", 4): 1,
        ("/api/categorization", "GET", 2): 1,
        ("/api/categorization", "POST", 4): 1,
    }


async def test_what_is_answered_from_the_cache_is_counted_all_the_same(
    http: httpx.AsyncClient, services: Services, db: Database
) -> None:
    await keep(db, subreddit())
    for _ in range(3):
        await http.get("/api/subreddits/teapots?x=1")
        await http.head("/health")
    etag = (await http.get("/api/stats")).headers["etag"]
    await http.get("/api/stats", headers={"If-None-Match": etag})
    assert labels(services) == {
        ("/api/subreddits/{name}", "GET", 2): 3,
        ("/health", "HEAD", 2): 3,
        ("/api/stats", "GET", 2): 1,
        ("/api/stats", "GET", 3): 1,
    }


async def test_what_matches_no_route_has_one_label_however_it_is_spelt(
    http: httpx.AsyncClient, services: Services
) -> None:
    for path in ("/api", "/api/", "/api/nonsense", "/api/a/b/c", "/api/%00", "/api/subreddits/a/b"):
        await http.get(path)
    found = labels(services)
    assert {label[0] for label in found} == {"/api/(unmatched)"}
    assert sum(found.values()) == 6


async def test_other_methods_do_not_multiply_the_labels(http: httpx.AsyncClient, services: Services) -> None:
    for method in ("BREW", "PROPFIND", "X" * 500, "DELETE"):
        await http.request(method, "/api/stats")
    assert labels(services) == {("/api/stats", "OTHER", 4): 3, ("/api/stats", "DELETE", 4): 1}


async def test_failures_of_ours_are_counted_as_such(
    http: httpx.AsyncClient, services: Services, db: Database
) -> None:
    await db.close()
    await http.get("/api/stats")
    lately = services.requests.second()
    assert (lately.requests, lately.errors) == (1, 1)
    assert labels(services) == {("/api/stats", "GET", 5): 1}


async def test_a_broken_part_counts_against_health(
    http: httpx.AsyncClient, services: Services, broken: dict[str, str]
) -> None:
    broken["queue"] = "the worker does not run"
    await http.get("/health")
    assert labels(services) == {("/health", "GET", 5): 1}


async def test_what_is_not_ours_is_not_timed(http: httpx.AsyncClient, services: Services) -> None:
    services.pulse.close()
    for path in ("/", "/overview", "/healthy", "/apiary", "/assets/plotly.min.js", "/api/live"):
        await http.get(path)
    assert labels(services) == {}


async def test_statements_are_asked_in_the_routes_name(
    http: httpx.AsyncClient, services: Services, db: Database
) -> None:
    db.recorder.drain()
    await http.get("/api/subreddits/teapots")
    await http.get("/api/stats")
    await http.get("/api/categorization")
    assert set(db.recorder.drain().together) == {
        ("subreddits.one", "GET /api/subreddits/{name}"),
        ("subreddits.stats", "GET /api/stats"),
        ("subreddits.categorization_progress", "GET /api/categorization"),
        ("subreddits.categories", "GET /api/categorization"),
    }


async def test_each_request_is_timed_once(http: httpx.AsyncClient, services: Services) -> None:
    assert isinstance(services.requests, RequestRecorder)
    for _ in range(3):
        await http.get("/health")
    assert services.requests.drain().count == 3
    (one,) = services.requests.totals.values()
    assert one.count == 3
    assert one.sum_seconds > 0


async def test_a_slow_request_is_kept_with_its_own_statements(
    http: httpx.AsyncClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    await http.get("/api/stats")
    await http.get("/api/subreddits/teapots?fresh=1")
    await http.get("/health")
    ended = time.time()
    monkeypatch.setattr(services.requests, "_clock", lambda: ended + 60)
    kept = {one.route: one for one in services.requests.drain_slow()}
    slow = kept["/api/subreddits/{name}"]
    assert {text: calls for text, (calls, _) in slow.trace.items()} == {statements()["subreddits.one"]: 1}
    assert (slow.status, slow.parameters) == (404, ("name", "fresh"))
    assert 0 < sum(seconds for _, seconds in slow.trace.values()) < slow.seconds
    assert kept["/health"].trace == {}
