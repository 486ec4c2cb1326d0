"""A real Prometheus scrapes a real server with a token, and is asked for what it understood."""

import asyncio
import socket
import subprocess
from bisect import bisect_left
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware

from api.app import routes
from api.exposition.buckets import EDGES, SCHEMA
from api.services import Services
from api.telemetry import Telemetry
from db.histogram import ALPHA
from tests.prometheus import complaints, program
from tests.waiting import until, until_found

TOKEN = "a-token-for-prometheus"
CONFIG = """
global: {{scrape_interval: 250ms, scrape_timeout: 250ms}}
scrape_configs:
  - job_name: subpulse
    authorization: {{credentials: {token}}}
    static_configs: [targets: ["127.0.0.1:{port}"]]
  - job_name: without_token
    static_configs: [targets: ["127.0.0.1:{port}"]]
"""
NATIVE = "--enable-feature=native-histograms"
STOP_SECONDS = 20
LATENCY = "subpulse_http_request_duration_seconds"


class Prometheus:
    """One that runs, and the answers of its query API."""

    def __init__(self, port: int, log: Path) -> None:
        self._client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False)
        self.log = log

    async def values(self, query: str) -> list[float]:
        """The instant values of a query; none while it has none, or does not listen yet."""
        try:
            answer = await self._client.get("/api/v1/query", params={"query": query})
        except httpx.TransportError:
            return []
        if answer.status_code == 503:
            return []  # it replays its log
        body = answer.json()
        assert body["status"] == "success", body
        return [float(one["value"][1]) for one in body["data"]["result"]]

    async def until(self, query: str, expected: float) -> None:
        """Return once it answers so; fails with what it logged when it never does."""

        async def is_so() -> bool:
            return await self.values(query) == [expected]

        try:
            await until_found(is_so)
        except TimeoutError:
            found = await self.values(query)
            pytest.fail(
                f"{query} is {found}, not {expected}; Prometheus said:\n{self.log.read_text()[-4000:]}"
            )

    async def close(self) -> None:
        await self._client.aclose()


@pytest.fixture
async def port(services: Services) -> AsyncIterator[int]:
    """Where the routes are served over TCP, /metrics with a token only."""
    services = replace(services, settings=services.settings.model_copy(update={"api_tokens": (TOKEN,)}))
    app = Starlette(routes=routes(services), middleware=[Middleware(Telemetry, recorder=services.requests)])
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="error"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        await until(lambda: server.started)
        yield listening.getsockname()[1]
        server.should_exit = True
        await serving


@contextmanager
def running(folder: Path, listens: str, *flags: str) -> Iterator[Path]:
    """A Prometheus on the folder's configuration; where it logs."""
    log = folder / "log.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                program("prometheus"),
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address={listens}",
                *flags,
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield log
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        process.kill()
        process.wait(STOP_SECONDS)


@pytest.fixture(params=["native", "classic"])
def histograms(request: pytest.FixtureRequest) -> str:
    """Native histograms come as protobuf, classic ones as OpenMetrics."""
    return str(request.param)


@pytest.fixture
async def prometheus(port: int, tmp_path: Path, histograms: str) -> AsyncIterator[Prometheus]:
    (tmp_path / "prometheus.yml").write_text(CONFIG.format(port=port, token=TOKEN))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        own_port = probe.getsockname()[1]
    flags = [NATIVE] if histograms == "native" else []
    with running(tmp_path, f"127.0.0.1:{own_port}", *flags) as log:
        there = Prometheus(own_port, log)
        yield there
        await there.close()


def one_classic_bucket_off(guess: float, exact: float) -> bool:
    place = bisect_left(EDGES, exact)
    return EDGES[place - 1] * (1 - ALPHA) <= guess <= EDGES[place] * (1 + ALPHA)


def one_native_bucket_off(guess: float, exact: float) -> bool:
    width = 2**2**-SCHEMA * (1 + ALPHA)
    return exact / width <= guess <= exact * width


IS_NEAR: dict[str, Callable[[float, float], bool]] = {
    "native": one_native_bucket_off,
    "classic": one_classic_bucket_off,
}


async def test_it_understands_counters_and_quantiles(
    prometheus: Prometheus, services: Services, port: int, histograms: str
) -> None:
    durations = np.random.default_rng(3).lognormal(-3.5, 0.8, 5_000)
    for seconds in durations.tolist():
        services.requests.add("/api/stats", "GET", 200, seconds)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        for _ in range(3):
            assert (await client.get("/api/stats")).status_code == 200
        services.requests.second()
        text = await client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert text.headers["content-type"].startswith("text/plain")
    assert complaints(text.content) == ""

    of_stats = '{job="subpulse",route="/api/stats",method="GET",status_class="2xx"}'
    is_native = histograms == "native"
    count = f"histogram_count({LATENCY}{of_stats})" if is_native else f"{LATENCY}_count{of_stats}"
    await prometheus.until(count, 5_003)
    await prometheus.until('up{job="subpulse"}', 1)
    await prometheus.until('up{job="without_token"}', 0)
    await prometheus.until('subpulse_cache_lookups_total{namespace="stats",result="hit"}', 2)
    await prometheus.until('subpulse_cache_lookups_total{namespace="stats",result="miss"}', 1)
    await prometheus.until("subpulse_database_up", 1)

    bucket = f"{LATENCY}{of_stats}" if is_native else f"{LATENCY}_bucket{of_stats}"
    for share in (0.5, 0.95, 0.99):
        (found,) = await prometheus.values(f"histogram_quantile({share}, {bucket})")
        exact = float(np.quantile(durations, share, method="inverted_cdf"))
        assert IS_NEAR[histograms](found, exact), (share, found, exact)


async def test_it_tells_how_fast_a_counter_grows(prometheus: Prometheus, services: Services) -> None:
    services.requests.add("/health", "GET", 200, 0.001)
    services.requests.second()
    await prometheus.until('up{job="subpulse"}', 1)
    found = [
        await prometheus.values('changes(subpulse_database_up{job="subpulse"}[1m])'),
        await prometheus.values('scrape_samples_scraped{job="subpulse"} > bool 20'),
    ]
    assert found == [[0], [1]]
