"""What /metrics tells of the process, and that what nobody knows is not told as 0."""

import platform
import re
import time
from dataclasses import replace

import httpx
import psutil
import pytest

from api.edge.purger import PurgeCounts
from api.services import Services
from db.database import Database
from pulse import Fields, Part
from settings import VERSION
from tests.api.conftest import front_of
from tests.factories import subreddit
from tests.prometheus import complaints
from tests.stored import keep

SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)


async def asked(http: httpx.AsyncClient) -> dict[str, float]:
    """Every sample by its name and labels as written; all of it passes promtool."""
    answer = await http.get("/metrics")
    assert answer.status_code == 200
    assert complaints(answer.content) == ""
    found = {
        f"{name}{{{labels}}}" if labels else name: float(value)
        for name, labels, value in SAMPLE.findall(answer.text)
    }
    assert len(found) == sum(not line.startswith("#") for line in answer.text.splitlines()), "none twice"
    return found


def counted(found: dict[str, float], start: str) -> dict[str, float]:
    return {name: value for name, value in found.items() if name.startswith(start)}


def publish(services: Services, series: dict[str, float | None], **now: object) -> None:
    services.pulse.publish(lambda: Part(series=series, now=dict(now)))
    services.pulse.tick()


async def test_each_request_is_told_by_route_method_and_class(
    http: httpx.AsyncClient, services: Services, db: Database
) -> None:
    await keep(db, subreddit())
    for _ in range(3):
        await http.get("/api/subreddits/teapots")
    await http.get("/api/subreddits/kettles")
    await http.get("/api/nowhere")
    services.requests.second()
    count = "subpulse_http_request_duration_seconds_count"
    one, none = 'route="/api/subreddits/{name}",method="GET"', 'route="/api/(unmatched)",method="GET"'
    assert counted(await asked(http), count) == {
        f'{count}{{{one},status_class="2xx"}}': 3,
        f'{count}{{{one},status_class="4xx"}}': 1,
        f'{count}{{{none},status_class="4xx"}}': 1,
    }


async def test_objectives_are_edges(http: httpx.AsyncClient, services: Services) -> None:
    for milliseconds in (1, 87, 91, 400):
        services.requests.add("/api/stats", "GET", 200, milliseconds / 1e3)
    services.requests.second()
    found = await asked(http)
    start = (
        'subpulse_http_request_duration_seconds_bucket{route="/api/stats",method="GET",status_class="2xx",le='
    )
    for _, milliseconds in services.settings.objectives.by_route:
        assert f'{start}"{milliseconds / 1e3}"}}' in found
    assert [found[f'{start}"{edge}"}}'] for edge in ("0.01", "0.089", "0.134", "0.3", "1.0")] == [
        1,
        2,
        3,
        3,
        4,
    ]


async def test_the_dashboards_reads_and_probes_are_families_of_their_own(
    http: httpx.AsyncClient, services: Services
) -> None:
    services.requests.add("page overview", "PAGE", 200, 0.02)
    services.requests.add("probe 7", "PROBE", 200, 0.1)
    services.requests.add("probe 7", "PROBE", 599, 5.0)
    services.requests.second()
    found = await asked(http)
    assert found['subpulse_page_read_duration_seconds_count{page="overview",status_class="2xx"}'] == 1
    assert found['subpulse_probe_duration_seconds_sum{probe="7",outcome="up"}'] == 0.1
    assert found['subpulse_probe_duration_seconds_sum{probe="7",outcome="down"}'] == 5.0
    assert counted(found, "subpulse_http_request") == {}


async def test_before_the_first_request_and_second_nothing_is_made_up(http: httpx.AsyncClient) -> None:
    found = await asked(http)
    for unknown in (
        "subpulse_http_request",
        "subpulse_page",
        "subpulse_probe",
        "subpulse_pulse",
        "subpulse_posts",
        "subpulse_subreddits",
        "subpulse_verdict",
        "subpulse_source",
        "subpulse_alert",
        "subpulse_memory_limit",
    ):
        assert counted(found, unknown) == {}
    assert found["subpulse_database_up"] == 1
    assert found[f'subpulse_build_info{{version="{VERSION}",python="{platform.python_version()}"}}'] == 1


async def test_what_postgresql_has_not_said_yet_is_left_out(
    http: httpx.AsyncClient, services: Services
) -> None:
    publish(services, {"subreddits": None, "posts": None}, alerts=[], memory_limit=2**30)
    found = await asked(http)
    assert counted(found, "subpulse_alert") == counted(found, "subpulse_posts") == {}
    assert found["subpulse_memory_limit_bytes"] == 2**30
    assert found["subpulse_pulse_timestamp_seconds"] == pytest.approx(time.time(), abs=5)


async def test_a_frame_from_before_a_restart_tells_of_no_alerts(
    http: httpx.AsyncClient, services: Services
) -> None:
    services.pulse.seed(1000.0, {"subreddits": 3.0, "posts": 40.0})
    found = await asked(http)
    assert (found["subpulse_subreddits"], found["subpulse_posts"]) == (3, 40)
    assert found["subpulse_pulse_timestamp_seconds"] == 1000
    assert counted(found, "subpulse_alert") == counted(found, "subpulse_verdict") == {}


async def test_verdicts_and_alerts_are_those_of_the_pulse(
    http: httpx.AsyncClient, services: Services
) -> None:
    def alert(rule: str, since: float) -> Fields:
        return {"rule": rule, "since": since, "message": "…"}

    publish(
        services,
        {"subreddits": 2, "posts": 0},
        verdicts=[{"name": "API", "state": "warning"}],
        sources=[{"name": "reddit", "verdict": {"state": "unknown"}}],
        alerts=[alert("memory", 200.0), alert("memory", 100.0), alert("jobs", 300.0)],
    )
    found = await asked(http)
    assert counted(found, "subpulse_verdict") == {
        f'subpulse_verdict{{part="API",state="{state}"}}': state == "warning"
        for state in ("good", "warning", "bad", "unknown")
    }
    assert found['subpulse_source_verdict{source="reddit",state="unknown"}'] == 1
    assert found["subpulse_alerts_firing"] == 3
    assert found['subpulse_alert_start_time_seconds{rule="memory"}'] == 100
    assert found['subpulse_alert_start_time_seconds{rule="jobs"}'] == 300
    assert found["subpulse_posts"] == 0, "a 0 that is known is told"


async def test_that_nothing_fires_is_told_once_it_is_known(
    http: httpx.AsyncClient, services: Services
) -> None:
    publish(services, {"subreddits": 2}, alerts=[])
    assert (await asked(http))["subpulse_alerts_firing"] == 0


async def test_the_process_is_told_under_the_names_that_everybody_uses(http: httpx.AsyncClient) -> None:
    found, process = await asked(http), psutil.Process()
    assert found["process_resident_memory_bytes"] == pytest.approx(process.memory_info().rss, rel=0.2)
    assert found["process_start_time_seconds"] == process.create_time()
    assert 0 < found["process_cpu_seconds_total"] <= sum(process.cpu_times()[:2])
    assert found["process_threads"] >= 1
    assert found["process_open_fds"] > 0


@pytest.mark.skipif(not hasattr(psutil, "RLIM_INFINITY"), reason="the system has no limits")
async def test_no_limit_on_open_files_is_no_figure(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY)
    monkeypatch.setattr(psutil.Process, "rlimit", lambda *_: limits)
    assert "process_max_fds" not in await asked(http)


async def test_database_and_cache_are_told(http: httpx.AsyncClient, services: Services, db: Database) -> None:
    await http.get("/api/stats")
    await http.get("/api/stats")
    found = await asked(http)
    assert found['subpulse_cache_lookups_total{namespace="/api/stats",result="hit"}'] == 1
    assert found['subpulse_cache_lookups_total{namespace="/api/stats",result="miss"}'] == 1
    assert found['subpulse_cache_entries{namespace="/api/stats"}'] == 1
    assert found['subpulse_cache_saved_seconds_total{namespace="/api/stats"}'] > 0
    assert found["subpulse_database_max_connections"] == db.pool_size
    open_ones = counted(found, "subpulse_database_connections")
    assert 1 <= sum(open_ones.values()) <= db.pool_size
    assert found["subpulse_database_slow_statements_total"] == db.recorder.slow_seen


async def test_connections_to_others_and_purges_are_told(services: Services) -> None:
    told = PurgeCounts(purges=3, failed_tries=1)
    services = replace(
        services, edge=lambda: {"fastly": told}, connections=lambda: {"reddit": (100, 2), "edge": (4, 1)}
    )
    app = front_of(services)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
        found = await asked(http)
    assert found['subpulse_client_requests_total{client="reddit"}'] == 100
    assert found['subpulse_client_connections_total{client="reddit"}'] == 2
    assert found['subpulse_edge_purges_total{edge="fastly",result="told"}'] == 3
    assert found['subpulse_edge_purges_total{edge="fastly",result="failed"}'] == 1


async def test_it_answers_while_postgresql_does_not(
    http: httpx.AsyncClient, services: Services, db: Database
) -> None:
    db.down_reason = "connection refused"
    await db.close()
    assert (await asked(http))["subpulse_database_up"] == 0
