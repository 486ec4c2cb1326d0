"""What /metrics tells, all of it from memory. What is not known is left out, never 0."""

import platform
from collections import defaultdict
from collections.abc import Iterable

import psutil

from api.exposition.families import AnyFamily, DurationFamily, Durations, Family
from api.services import Services
from caching.cache import Cache
from db.database import Database
from db.requests import RequestRecorder
from pulse import Fields, Frame
from settings import VERSION, Objectives

STATES = ("good", "warning", "bad", "unknown")
PAGE, PROBE = "PAGE", "PROBE"  # the methods under which the dashboard's own reads and probes are counted
UP_CLASS = 2  # of a probe's status: 200 when it is up, 599 when it is down


def families(services: Services) -> Iterable[AnyFamily]:
    """Every family, some of them without samples."""
    yield from _requests(services.requests, services.settings.objectives)
    yield from _process()
    yield from _database(services.db)
    yield from _cache(services.cache)
    yield from _clients(services)
    if frame := services.pulse.latest:
        yield from _frame(frame)
    listeners = Family("subpulse_live_listeners", "Open streams of /api/live.", "gauge")
    listeners.add(services.pulse.listeners)
    build = Family("subpulse_build_info", "The versions that run; always 1.", "gauge")
    build.add(1, version=VERSION, python=platform.python_version())
    yield from (listeners, build)


def _requests(recorder: RequestRecorder, objectives: Objectives) -> Iterable[AnyFamily]:
    """Durations of what was counted up to the pulse's last second."""
    edges = tuple(milliseconds / 1e3 for _, milliseconds in objectives.by_route)
    api = DurationFamily(
        "subpulse_http_request_duration_seconds", "Requests to the API and /health.", edges=edges
    )
    pages = DurationFamily(
        "subpulse_page_read_duration_seconds", "What the dashboard's pages read.", edges=edges
    )
    probes = DurationFamily("subpulse_probe_duration_seconds", "Checks of what is probed.", edges=edges)
    for (route, method, status_class), counted in recorder.totals.items():
        durations = Durations(counted.counts, counted.sum_seconds)
        if method == PAGE:
            pages.add(durations, page=route.removeprefix("page "), status_class=f"{status_class}xx")
        elif method == PROBE:
            outcome = "up" if status_class == UP_CLASS else "down"
            probes.add(durations, probe=route.removeprefix("probe "), outcome=outcome)
        else:
            api.add(durations, route=route, method=method, status_class=f"{status_class}xx")
    return api, pages, probes


def _process() -> Iterable[AnyFamily]:
    """This process, under the names that all client libraries of Prometheus use."""
    process = psutil.Process()
    memory, cpu = process.memory_info(), process.cpu_times()
    open_files = process.num_fds() if hasattr(process, "num_fds") else None  # not on Windows
    most_files = process.rlimit(psutil.RLIMIT_NOFILE)[0] if hasattr(process, "rlimit") else None  # on Linux
    if most_files == getattr(psutil, "RLIM_INFINITY", None):
        most_files = None
    return (
        _one("process_resident_memory_bytes", "Memory that is in use.", memory.rss),
        _one("process_virtual_memory_bytes", "Memory that is reserved.", memory.vms),
        _one("process_cpu_seconds_total", "CPU time of all threads.", cpu.user + cpu.system, "counter"),
        _one("process_open_fds", "Open files, sockets included.", open_files),
        _one("process_max_fds", "Files that may be open.", most_files),
        _one("process_threads", "Threads of the operating system.", process.num_threads()),
        _one("process_start_time_seconds", "When it began, in epoch seconds.", process.create_time()),
    )


def _database(db: Database) -> Iterable[AnyFamily]:
    pool = db.pool_state()
    connections = Family("subpulse_database_connections", "Open connections of the pool.", "gauge")
    connections.add(pool.in_use, state="in_use")
    connections.add(pool.size - pool.in_use, state="idle")
    slow = db.recorder.slow_seen
    return (
        _one("subpulse_database_up", "Whether PostgreSQL answers.", int(db.down_reason is None)),
        connections,
        _one("subpulse_database_max_connections", "Connections that the pool may open.", pool.limit),
        _one("subpulse_database_waiting_requests", "Requests that wait for a connection.", pool.waiting),
        _one("subpulse_database_slow_statements_total", "Statements over SLOW_QUERY_MS.", slow, "counter"),
    )


def _cache(cache: Cache) -> Iterable[AnyFamily]:
    lookups = Family("subpulse_cache_lookups_total", "Lookups by whether they found an answer.", "counter")
    entries = Family("subpulse_cache_entries", "Answers kept.", "gauge")
    evictions = Family("subpulse_cache_evictions_total", "Answers pushed out to make room.", "counter")
    invalidations = Family("subpulse_cache_invalidations_total", "Times that a write emptied it.", "counter")
    saved = Family("subpulse_cache_saved_seconds_total", "Time that hits did not take.", "counter")
    stale = Family("subpulse_cache_stale_total", "Hits on an answer past its time.", "counter")
    expirations = Family("subpulse_cache_expirations_total", "Answers whose time was over.", "counter")
    size = Family("subpulse_cache_bytes", "Bytes of the answers kept.", "gauge")
    for one in cache.stats():
        name = one["namespace"]
        lookups.add(one["hits"], namespace=name, result="hit")
        lookups.add(one["misses"], namespace=name, result="miss")
        entries.add(one["items"], namespace=name)
        evictions.add(one["evictions"], namespace=name)
        invalidations.add(one["invalidations"], namespace=name)
        saved.add(one["saved_ms"] / 1e3, namespace=name)
        stale.add(one["stale"], namespace=name)
        expirations.add(one["expirations"], namespace=name)
        size.add(one["bytes"], namespace=name)
    level = cache.level_stats()
    shared = None if level is None else int(level["works"])
    redis = _one("subpulse_cache_redis_up", "Whether answers are shared through Redis.", shared)
    return lookups, entries, evictions, invalidations, saved, stale, expirations, size, redis


def _clients(services: Services) -> Iterable[AnyFamily]:
    """What we ask of others, and what caches in front of us are told."""
    requests = Family("subpulse_client_requests_total", "Requests sent to others.", "counter")
    opened = Family("subpulse_client_connections_total", "Connections opened for them.", "counter")
    for name, (sent, connections) in services.connections().items():
        requests.add(sent, client=name)
        opened.add(connections, client=name)
    purges = Family("subpulse_edge_purges_total", "Purges of caches in front of us, each try.", "counter")
    for name, counts in services.edge().items():
        purges.add(counts.purges, edge=name, result="told")
        purges.add(counts.failed_tries, edge=name, result="failed")
    return requests, opened, purges


def _frame(frame: Frame) -> Iterable[AnyFamily]:
    """What the pulse last said; a frame recalled from before this process has series only."""
    now, series = frame.now, frame.series
    verdicts = Family("subpulse_verdict", "Verdict on a part: 1 for its state, 0 for the others.", "gauge")
    for one in now.get("verdicts", ()):
        _states(verdicts, one["state"], part=one["name"])
    sources = Family("subpulse_source_verdict", "The same on a source of data.", "gauge")
    for one in now.get("sources", ()):
        _states(sources, one["verdict"]["state"], source=one["name"])
    return (
        _one("subpulse_pulse_timestamp_seconds", "The pulse's last second, in epoch seconds.", frame.at),
        _one("subpulse_subreddits", "Communities collected.", series.get("subreddits")),
        _one("subpulse_posts", "Posts collected.", series.get("posts")),
        _one("subpulse_memory_limit_bytes", "Memory that this process may use.", now.get("memory_limit")),
        verdicts,
        sources,
        *_alerts(now, is_read=series.get("subreddits") is not None),
    )


def _alerts(now: Fields, is_read: bool) -> Iterable[AnyFamily]:
    """Those of all processes, which stand in PostgreSQL: until it was read, nobody knows that there are none."""
    since: defaultdict[str, list[float]] = defaultdict(list)
    for alert in now.get("alerts", ()):
        since[alert["rule"]].append(alert["since"])
    first = Family("subpulse_alert_start_time_seconds", "Since when a rule fires, in epoch seconds.", "gauge")
    for rule, times in since.items():
        first.add(min(times), rule=rule)
    firing = len(now["alerts"]) if "alerts" in now and is_read else None
    return _one("subpulse_alerts_firing", "Alerts that fire, of all processes.", firing), first


def _states(family: Family, state: str, **labels: str) -> None:
    for one in STATES:
        family.add(int(one == state), **labels, state=one)


def _one(name: str, help: str, value: float | None, kind: str = "gauge") -> Family:
    family = Family(name, help, "counter" if kind == "counter" else "gauge")
    family.add(value)
    return family
