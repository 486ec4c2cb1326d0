"""Real Varnish and nginx before the real routes, configured as docs/operations.md says."""

import asyncio
import os
import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import uvicorn
from starlette.applications import Starlette

from api.edge.purger import EdgePurger
from api.edge.targets import Purge
from api.responses.policy import Edge
from api.services import Services
from db import written
from db.database import Database
from settings import ROOT
from tests.api.conftest import front_of, table_of
from tests.conftest import folder_for_postgres as folder_for_programs
from tests.factories import subreddit
from tests.programs import free_port, lacking, program, running
from tests.stored import keep
from tests.waiting import beside, until, until_found

OPERATIONS = ROOT / "docs" / "operations.md"
PATH = "/api/subreddits?limit=10"


def snippet(language: str) -> str:
    """The one block of that language in the document that operators read."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", OPERATIONS.read_text(), re.DOTALL)
    return str(found)


@asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[int]:
    """The port on loopback where the application is served over TCP."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="error"))
        task = asyncio.create_task(server.serve(sockets=[listening]))
        await until(lambda: server.started)
        yield listening.getsockname()[1]
        server.should_exit = True
        await task


@contextmanager
def varnish(origin: int, port: int) -> Iterator[None]:
    if not list(Path("/usr/lib").glob("*/varnish/vmods/libvmod_xkey.so")):
        lacking("no xkey for Varnish: apt-get install varnish-modules")
    configuration = snippet("vcl").replace('"8501"', f'"{origin}"')
    with folder_for_programs() as folder:
        (folder / "subpulse.vcl").write_text(configuration)
        command = [
            program("varnishd", "varnish"), "-F", "-n", str(folder / "state"), "-f", str(folder / "subpulse.vcl"),
            "-a", f"127.0.0.1:{port}", "-s", "malloc,16m", "-j", "none",
        ]  # fmt: skip
        with running(command, folder / "log.txt"):
            yield


@contextmanager
def nginx(origin: int, port: int) -> Iterator[None]:
    with folder_for_programs() as folder:
        site = snippet("nginx").replace("127.0.0.1:8501", f"127.0.0.1:{origin}")
        site = site.replace("listen 80", f"listen 127.0.0.1:{port}")
        site = site.replace("/var/cache/nginx/subpulse", f"{folder}/cache")
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(
            f"{user} daemon off; pid {folder}/pid; error_log {folder}/error.txt; events {{}}"
            f" http {{ access_log off; {temporary} {site} }}"
        )
        command = [program("nginx", "nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
        with running(command, folder / "log.txt"):
            yield


@asynccontextmanager
async def asking(port: int) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the cache, once that answers."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:

        async def answers() -> bool:
            try:
                return (await http.get("/health")).status_code == 200
            except httpx.TransportError:
                return False

        await until_found(answers)
        yield http


def reached(services: Services) -> int:
    """How often the route's answer was asked for here."""
    counters = services.cache.namespaces["/api/subreddits"].counters
    return counters.hits + counters.misses


async def test_behind_varnish_the_second_request_never_reaches_us_until_a_write_purges_it(
    services: Services, db: Database
) -> None:
    edge_port = free_port()
    table = table_of(services, Edge(is_told=True))
    purger = EdgePurger([Purge(f"http://127.0.0.1:{edge_port}")], table.surrogate_keys, httpx.AsyncClient)
    services.cache.observe(purger.hear)
    cache = services.cache
    async with serving(front_of(services, Edge(is_told=True), table=table)) as port:
        with varnish(port, edge_port):
            async with (
                asking(edge_port) as http,
                beside(written.listen(db, cache.hear, cache.gap, cache.hearing.extend)),
                beside(purger.run()),
            ):
                await until(lambda: cache.hearing.is_on)
                await until(lambda: purger.counts()[f"127.0.0.1:{edge_port}"].purges)
                first = await http.get(PATH)
                before = reached(services)
                for _ in range(20):
                    assert (await http.get(PATH)).content == first.content
                assert reached(services) == before
                assert "surrogate-key" not in first.headers
                unchanged = await http.get(PATH, headers={"If-None-Match": first.headers["etag"]})
                assert unchanged.status_code == 304
                await keep(db, subreddit())

                async def is_new() -> bool:
                    return bool((await http.get(PATH)).json()["items"])

                async with asyncio.timeout(1):
                    await until_found(is_new)


async def test_behind_varnish_what_is_somebodys_own_passes_by(services: Services) -> None:
    edge_port = free_port()
    async with serving(front_of(services, Edge(is_told=True))) as port:
        with varnish(port, edge_port):
            async with asking(edge_port) as http:
                for headers in ({"Authorization": "Bearer x"}, {"Cookie": "_streamlit_user=me"}):
                    answers = [await http.get(PATH, headers=headers) for _ in range(2)]
                    assert {one.headers["cache-control"] for one in answers} == {"private, no-store"}
                assert (await http.get("/_stcore/metrics")).status_code == 403
                refused = await http.get("/api/subreddits?limit=0")
                assert refused.status_code == 422
                assert refused.headers["content-type"] == "application/problem+json"


async def test_behind_nginx_the_second_request_never_reaches_us(services: Services) -> None:
    edge_port = free_port()
    async with serving(front_of(services)) as port:
        with nginx(port, edge_port):
            async with asking(edge_port) as http:
                first = await http.get(PATH)
                assert first.headers["x-cache"] == "MISS"
                before = reached(services)
                for coding in ("gzip", "br", "zstd", "identity"):
                    await http.get(PATH, headers={"Accept-Encoding": coding})
                seen = [await http.get(PATH) for _ in range(10)]
                assert {one.headers["x-cache"] for one in seen} == {"HIT"}
                assert {one.content for one in seen} == {first.content}
                assert reached(services) - before <= 4
                assert "surrogate-key" not in first.headers
                unchanged = await http.get(PATH, headers={"If-None-Match": first.headers["etag"]})
                assert unchanged.status_code == 304


async def test_behind_nginx_an_answer_is_late_by_two_seconds_at_most_for_who_keeps_asking(
    services: Services, db: Database
) -> None:
    edge_port = free_port()
    cache = services.cache
    async with serving(front_of(services)) as port:
        with nginx(port, edge_port):
            async with (
                asking(edge_port) as http,
                beside(written.listen(db, cache.hear, cache.gap, cache.hearing.extend)),
            ):
                await until(lambda: cache.hearing.is_on)
                assert (await http.get(PATH)).json()["items"] == []
                await keep(db, subreddit())

                async def is_new() -> bool:
                    return bool((await http.get(PATH)).json()["items"])

                async with asyncio.timeout(4):
                    await until_found(is_new)
                own = await http.get(PATH, headers={"Authorization": "Bearer x"})
                assert own.headers["x-cache"] == "BYPASS"
