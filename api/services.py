"""What the routes work with: one bundle, made in app.py and kept in the application's state."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fastapi import Request, WebSocket

from api.edge.purger import PurgeCounts
from caching.cache import Cache
from caching.namespace import Namespace
from caching.second_level import SecondLevel
from categorization.classify import Classifier
from db.database import Database
from db.requests import RequestRecorder
from pulse import Pulse
from settings import Settings

STATS_TTL_SECONDS = 300.0
SOURCES_TTL_SECONDS = 5.0
FRESHNESS_TTL_SECONDS = 60.0  # every community is looked at
SUBREDDITS_TTL_SECONDS = 300.0
QUERIES_TTL_SECONDS = 300.0
STALE_SECONDS = 60.0  # how long an answer is served past its time, while a new one is computed

Check = Callable[[], str | None]  # why a part does not work, or None


@dataclass(frozen=True, slots=True)
class Services:
    """The process's parts that routes need.

    Attributes:
        checks: the parts without which it is not healthy.
        edge: what each cache in front of us was told.
        connections: (requests, connections opened for them) of each client that asks others.
    """

    settings: Settings
    db: Database
    pulse: Pulse
    cache: Cache
    stats: Namespace
    subreddits: Namespace
    requests: RequestRecorder
    classifier: Classifier
    checks: Mapping[str, Check]
    source_state: Callable[[], str]
    edge: Callable[[], Mapping[str, PurgeCounts]] = dict
    connections: Callable[[], Mapping[str, tuple[int, int]]] = dict


def services_of(connection: Request | WebSocket) -> Services:
    """The bundle of the application that a request came to."""
    found: Services = connection.app.state.services
    return found


def make_cache(level: SecondLevel | None = None) -> tuple[Cache, Namespace, Namespace]:
    """(cache, its stats namespace, its subreddits namespace); it has more, found by name.

    Pages ask `subreddits`, `subreddit` and `queries` too, by the same keys (dashboard/data/communities.py).
    """
    cache = Cache(level)
    cache.add("sources", ttl_seconds=SOURCES_TTL_SECONDS, tags=())
    cache.add("freshness", ttl_seconds=FRESHNESS_TTL_SECONDS, tags=(), stale_seconds=STALE_SECONDS)
    stats = cache.add(
        "stats",
        ttl_seconds=STATS_TTL_SECONDS,
        tags=("subreddits", "posts"),
        stale_seconds=STALE_SECONDS,
        is_shared=True,
    )
    pages = cache.add(
        "subreddits",
        ttl_seconds=SUBREDDITS_TTL_SECONDS,
        tags=("subreddits",),
        stale_seconds=STALE_SECONDS,
        is_shared=True,
    )
    cache.add(
        "subreddit", ttl_seconds=SUBREDDITS_TTL_SECONDS, tags=(), stale_seconds=STALE_SECONDS, is_shared=True
    )
    # Expensive reads that are no whole answer; each says by tags of its own what it depends on.
    cache.add("queries", ttl_seconds=QUERIES_TTL_SECONDS, tags=(), stale_seconds=STALE_SECONDS)
    return cache, stats, pages
