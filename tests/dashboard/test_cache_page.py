"""The Cache page: what namespaces did over a range, what is found of them, and clearing by hand."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.runtime.stats import CacheStat, CounterStat
from streamlit.testing.v1 import AppTest

from caching.findings import findings
from dashboard import format
from dashboard.caches import namespaces, over_time, redis
from dashboard.data import caches, streamlit_caches
from dashboard.kept import kept
from dashboard.ranges import TimeAxis
from db import cache_history, histogram, latency, samples
from db.pool import PoolState, PoolUse
from settings import Settings
from tests.dashboard.conftest import House, Open, said
from tests.dashboard.test_system_page import figures, lines

MIB = 2**20
NAMESPACE = {
    "namespace": "/api/stats",
    "hits": 900,
    "misses": 100,
    "stale": 5,
    "shared_hits": 40,
    "negative_hits": 0,
    "refreshes": 3,
    "expirations": 7,
    "invalidations": 2,
    "forgotten": 11,
    "forgotten_by_hand": 0,
    "ghost_hits": 0,
    "uncovered": 0,
    "hit_rate": 90.0,
    "saved_ms": 720_000.0,
    "computing_ms": 80_000.0,
    "oldest_seconds": 250.0,
    "mean_age_seconds": 0.4,
    "items": 500,
    "max_items": 1000,
    "bytes": 48 * MIB,
    "max_bytes": 64 * MIB,
    "ttl_seconds": 300.0,
    "evictions": 13,
    "is_shared": True,
    "tags": ("subreddits", "posts"),
}
WORKS = {
    "works": True,
    "trouble": None,
    "reads": 200,
    "found": 50,
    "offers": 150,
    "refused": 4,
    "outages": 1,
    "read_p50_ms": 0.21,
    "read_p95_ms": 1.4,
}
SERVER = {
    "version": "7.0.15",
    "memory_bytes": 10 * MIB,
    "limit_bytes": 256 * MIB,
    "policy": "allkeys-lru",
    "evicted": 3,
    "trouble": None,
}
TOLD: dict[str, Any] = {
    "namespaces": [NAMESPACE, {**NAMESPACE, "namespace": "queries", "hits": 0, "misses": 0, "tags": ()}],
    "hears": True,
    "level": None,
    "server": None,
    "edges": [],
    "codings": [],
    "clients": [],
    "pool": PoolState(5, 1, 0, 20, PoolUse(200, 4), 1000, 800),
}
KEY = {"key": "/api/stats in zstd", "hits": 12, "is_kept": True, "bytes": 2048, "cost_ms": 3.5}


class Caches:
    """As the process hands them over; remembers what was cleared."""

    def __init__(self, **told: Any) -> None:
        self._told = {**TOLD, **told}
        self.cleared: list[str] = []
        self.fails: str | None = None

    async def told(self) -> dict[str, Any]:
        return self._told

    async def top_keys(self, namespace: str) -> list[dict[str, Any]]:
        return [KEY] if namespace == "/api/stats" else []

    def findings(self, rows: Iterable[Mapping[str, Any]], told: Mapping[str, Any]) -> list[dict[str, Any]]:
        found = findings(rows, told["hears"], told["level"], told["server"], told["edges"])
        return [asdict(one) for one in found]

    async def clear(self, tag: str) -> int:
        if self.fails:
            raise RuntimeError(self.fails)
        self.cleared.append(tag)
        return 24

    async def clear_namespace(self, name: str) -> int:
        return await self.clear(f"namespace {name}")

    async def clear_key(self, namespace: str, text: str) -> int:
        return await self.clear(f"key {namespace} {text}")

    async def clear_all(self) -> int:
        return await self.clear("*")


def store(house: House, seconds_ago: int = 60, process: str = "app@here", **rates: float) -> None:
    at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    quiet = dict.fromkeys(cache_history.FIGURES, 0.0)
    readings = cache_history.named({"/api/stats": {**quiet, **rates}})
    house.do(samples.add(house.db, process, process, at, readings))


def metrics(app: AppTest) -> dict[str, tuple[str, str]]:
    return {metric.label: (metric.value, metric.delta) for metric in app.metric}


def button(app: AppTest, key: str) -> Any:
    return app.button(key=key)


def choose(app: AppTest, name: str) -> AppTest:
    app.session_state[namespaces.CHOSEN] = name
    return app.run()


def test_the_figures_of_a_range_come_from_what_was_stored_of_all_processes(
    house: House, open_page: Open
) -> None:
    house.connect(caches=Caches())
    for process in ("app@here", "app@there"):
        store(house, process=process, hits=30.0, misses=10.0, saved_ms=36_000.0, evictions=0.1, forgotten=0.5)
    app = open_page("cache")
    assert metrics(app) == {
        "Hit rate": ("75.0 %", "of 800 lookups"),
        "Saved": ("12 min", "by 600 hits"),
        "Served stale": ("0", "beyond their time"),
        "Forgotten": ("10", "after a write, or by hand"),
        "Evicted": ("2", "0 expired"),
        "Kept now": ("96 MiB", "1,000 answers, here"),
    }
    first, quiet = app.dataframe[0].value.to_dict("records")
    assert (first["namespace"], first["hits"], first["saved"], first["saved_per_hit"]) == (
        "/api/stats",
        600,
        "12 min",
        1200,
    )
    assert (first["full"], first["mean_age"], first["oldest"], first["ttl"]) == (
        75,
        "under 1 s",
        "4 min 10 s",
        "5 min",
    )
    assert (quiet["namespace"], quiet["saved"], quiet["hit_rate"] == quiet["hit_rate"]) == (
        "queries",
        "0 s",
        False,
    )


def test_charts_are_of_all_namespaces_until_one_is_chosen(house: House, open_page: Open) -> None:
    house.connect(caches=Caches())
    for seconds_ago in (300, 290, 280):
        store(house, seconds_ago, hits=30.0, misses=10.0, items=900.0, bytes=32.0 * MIB)
    app = open_page("cache", range="15m")
    found = figures(app)
    assert set(found) == {"Hit rate", "Lookups", "Time saved", "Answers dropped", "Answers kept", "Size"}
    assert lines(found["Hit rate"])["hit rate"]["y"] == [75, 75, 75]
    assert lines(found["Lookups"])["hits"]["y"] == [30, 30, 30]
    assert "of all namespaces" in said(app)
    app = choose(app, "/api/stats")
    assert "of \\/api\\/stats" in said(app)
    shapes = figures(app)["Answers kept"]["layout"]["shapes"]
    assert [one["label"]["text"] for one in shapes if one.get("name") == "threshold"] == ["at most: 1,000"]
    assert "invalidations 2 · early refreshes 3 · hits in Redis 40" in said(app)
    assert app.dataframe[1].value.to_dict("records")[0]["key"] == "/api/stats in zstd"


def test_advice_follows_from_the_range_with_its_figure(house: House, open_page: Open) -> None:
    house.connect(caches=Caches())
    store(house, hits=90.0, misses=110.0, ghost_hits=20.0, saved_ms=1e4)
    words = said(open_page("cache"))
    assert "The caches do well" in words
    assert "1 could do better" in words
    assert "10\\.0 \\% of the lookups asked for what 64 MiB had just pushed out" in words


def test_what_is_to_be_watched_stands_first(house: House, open_page: Open) -> None:
    off = {**WORKS, "works": False, "trouble": "Connection refused."}
    edge = {
        "edge": "cdn",
        "purges": 3,
        "keys": 9,
        "failed_tries": 4,
        "given_up": 2,
        "last_failure": "status 500",
    }
    present = {
        "verdicts": [{"name": "Cache", "state": "warning", "word": "Few hits", "detail": "hit rate 40 %"}]
    }
    house.connect(caches=Caches(level=off, edges=[edge], hears=False), present=lambda: present)
    words = said(open_page("cache"))
    assert "4 to watch" in words
    for told in (
        "Few hits",
        "Most misses\\: \\/api\\/stats",
        "kept for a second only",
        "Connection refused\\. It is tried",
        "cdn is not told",
    ):
        assert told in words
    app = open_page("cache", cache_view="In front")
    (row,) = app.dataframe[0].value.to_dict("records")
    assert (row["state"], row["given_up"]) == ("▲ status 500", 2)


def test_without_postgresql_memory_is_shown_all_the_same(house: House, open_page: Open) -> None:
    house.connect(caches=Caches())
    house.db.down_reason = "connection refused"
    app = open_page("cache")
    assert "The database does not answer" in app.error[0].value
    assert metrics(app)["Hit rate"] == ("90.0 %", "of 1,000 lookups")
    assert "Since this process began" in said(app)
    for view in ("Redis", "In front", "Connections", "Dashboard"):
        assert open_page("cache", cache_view=view).error


def test_a_namespace_a_key_a_tag_and_everything_are_cleared(house: House, open_page: Open) -> None:
    process = Caches()
    house.connect(caches=process)
    app = choose(open_page("cache"), "/api/stats")
    button(app, "clear-namespace").click().run()
    assert "24 answers here" in app.toast[0].value
    app.session_state[f"{namespaces.KEY}-/api/stats"] = KEY["key"]
    app.run()
    button(app, "clear-key").click().run()
    assert button(app, "clear-tag").disabled
    app.selectbox(key="cache_tag").select("posts").run()
    button(app, "clear-tag").click().run()
    button(app, "clear-all").click().run()
    assert process.cleared == ["namespace /api/stats", "key /api/stats /api/stats in zstd", "posts", "*"]


def test_what_could_not_be_cleared_says_why(house: House, open_page: Open) -> None:
    process = Caches()
    process.fails = "the database is away"
    house.connect(caches=process)
    app = open_page("cache")
    button(app, "clear-all").click().run()
    assert format.plain("Nothing was cleared of everything: the database is away") in app.toast[0].value


def test_nobody_clears_where_viewers_may_not_act(house: House, open_page: Open) -> None:
    process = Caches()
    house.connect(caches=process, settings=Settings(subpulse_source="sandbox", database_actions="off"))
    app = choose(open_page("cache"), "/api/stats")
    assert button(app, "clear-namespace").disabled
    assert button(app, "clear-all").disabled
    with pytest.raises(caches.ActionFailed, match="DATABASE_ACTIONS"):
        caches.clear_all()
    assert process.cleared == []


def test_a_tag_is_one_word(house: House) -> None:
    house.connect(caches=Caches())
    for tag in ("", "two words"):
        with pytest.raises(caches.ActionFailed, match="one word"):
            caches.clear(tag)


def test_redis_tells_its_state_its_speed_and_its_room(house: House, open_page: Open) -> None:
    house.connect(caches=Caches(level=WORKS, server=SERVER))
    app = open_page("cache", cache_view="Redis")
    assert "Redis 7.0.15 works" in said(app)
    assert metrics(app) == {
        "Found": ("25.0 %", "of 200 reads"),
        "A read takes": ("0.2 ms", "p95 1.4 ms"),
        "Memory": ("10 MiB", "of 256 MiB"),
        "Evicted": ("3", "allkeys-lru"),
        "Offered": ("150", "4 refused"),
        "Outages": ("1", "noticed by this process"),
    }
    assert redis.figures(WORKS, None)[2] == ("Memory", "—", redis.UNKNOWN)


def test_without_redis_the_page_says_what_it_would_bring(house: House, open_page: Open) -> None:
    house.connect(caches=Caches())
    assert "Set REDIS_URL" in said(open_page("cache", cache_view="Redis"))


def test_what_clients_had_already_and_what_compression_saves(house: House, open_page: Open) -> None:
    zstd = {"coding": "zstd", "answers": 3, "bytes": 200, "plain_bytes": 1000, "hits": 9}
    plain = {"coding": "identity", "answers": 3, "bytes": 1000, "plain_bytes": 1000, "hits": 1}
    house.connect(caches=Caches(codings=[zstd, plain]))
    start = int(datetime.now(UTC).timestamp() - 60) // 10 * 10
    for status_class, count in ((2, 3), (3, 1)):
        counts = histogram.counts_of([0.001] * count)
        house.do(latency.add(house.db, "here", {start: {("/api/stats", "GET", status_class): counts}}))
    app = open_page("cache", cache_view="In front")
    assert metrics(app) == {
        "Answered before routing": ("90.0 %", "of 1,000 whole answers"),
        "Not modified": ("25.0 %", "1 of 4 got a 304"),
        "Compressed to": ("20.0 %", "200 B of 1,000 B"),
        "Purges sent": ("—", "no cache in front is told"),
    }


def test_reuse_is_told_of_postgresql_and_of_each_client(house: House, open_page: Open) -> None:
    house.connect(caches=Caches(clients=[{"client": "reddit", "requests": 50, "connections": 2}]))
    app = open_page("cache", cache_view="Connections")
    assert metrics(app)["Reused"] == ("98.00 %", "4 opened for 200 uses")
    assert metrics(app)["Prepared"] == ("80.0 %", "of 1,000 executions")
    (row,) = app.dataframe[0].value.to_dict("records")
    assert (row["client"], row["reuse"]) == ("reddit", 96)


def test_what_pages_keep_is_counted_by_function(house: House, open_page: Open) -> None:
    @kept(seconds=60, entries=4)
    def answer(question: str) -> str:
        return question

    for question in "aab":
        answer(question)
    house.connect(caches=Caches())
    app = open_page("cache", cache_view="Dashboard")
    rows = {row["name"]: row for row in app.dataframe[0].value.to_dict("records")}
    found = rows["test_cache_page.answer"]
    assert (found["hits"], found["misses"], found["max_items"], found["ttl"]) == (1, 2, 4, "1 min")
    assert "st.cache_data" in said(app)


def test_streamlits_own_caches_are_a_row_each(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    told = [
        CacheStat("st_cache_data", "read", 2048),
        CounterStat("cache_lookups", 7, {"cache_type": "st_cache_data", "cache": "read", "result": "hit"}),
        CounterStat("cache_lookups", 3, {"cache_type": "st_cache_data", "cache": "read", "result": "miss"}),
        CounterStat("cache_evictions", 1, {"cache_type": "st_cache_data", "cache": "read", "reason": "ttl"}),
        CacheStat("st_session_state", "", 64),
    ]
    manager = SimpleNamespace(get_stats=lambda families: {"all": told})
    running = SimpleNamespace(exists=lambda: True, get_instance=lambda: SimpleNamespace(stats_mgr=manager))
    monkeypatch.setattr(streamlit_caches, "runtime", running)
    read, sessions = streamlit_caches.of_streamlit()
    assert (read["name"], read["bytes"], read["hits"], read["misses"], read["evictions"]) == (
        "read",
        2048,
        7,
        3,
        1,
    )
    assert (sessions["kind"], sessions["bytes"], sessions["hits"]) == ("st_session_state", 64, 0)


def test_a_step_that_has_only_begun_is_no_fall() -> None:
    noon = datetime(2026, 11, 26, 12, tzinfo=UTC)
    steps = [{"at": noon - timedelta(seconds=ago)} for ago in (70, 40, 10)]
    moving = TimeAxis(noon - timedelta(seconds=70), noon, 30, live=True)
    assert over_time.settled(steps, moving) == steps[:-1]
    assert over_time.settled(steps[:-1], moving) == steps[:-1], "what ended long ago is whole"
    fixed = TimeAxis(noon - timedelta(seconds=70), noon, 30, live=False)
    assert over_time.settled(steps, fixed) == steps
    day = [{"at": noon - timedelta(hours=12)}]
    assert over_time.settled(day, TimeAxis(noon - timedelta(days=90), noon, 86_400, live=True)) == day


def test_time_saved_reads_as_time() -> None:
    assert [namespaces.saved(ms) for ms in (0, 0.4, 12_000, 720_000)] == ["0 s", "0.4 ms", "12 s", "12 min"]
    assert namespaces.fullness(NAMESPACE) == 75, "of the bytes, which are nearer to their bound"
