import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
import pytest
import structlog

from api.edge.purger import PAUSES_SECONDS, EdgePurger
from api.edge.targets import Cloudflare, Fastly, Purge, edge_of, targets
from api.responses.policy import Edge
from settings import Settings
from tests.waiting import beside, until

MANY = [f"tag{n:03}" for n in range(300)]


def keys_of(tags: Collection[str]) -> set[str]:
    return {f"subpulse-{tag}" for tag in tags if tag in ("subreddits", "posts", *MANY)}


@dataclass
class Recorder:
    """A service on loopback that writes down what it was asked, and answers with the next status."""

    url: str = ""
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode().rstrip():
                first, *lines = head.split("\r\n")
                headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                method, path, _ = first.split(" ")
                self.asked.append((method, path, headers, body))
                status = self.statuses.pop(0) if self.statuses else 200
                writer.write(b"HTTP/1.1 %d X\r\nContent-Length: 2\r\n\r\n{}" % status)
        except asyncio.IncompleteReadError:
            writer.close()


@pytest.fixture
async def recorder() -> AsyncIterator[Recorder]:
    found = Recorder()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    async with server:
        found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield found


class Slept:
    """A sleep that takes no time and knows how long it was to be."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)


@pytest.fixture
def slept() -> Slept:
    return Slept()


async def test_a_cache_that_takes_purge_gets_the_keys_in_a_header(recorder: Recorder, slept: Slept) -> None:
    purger = EdgePurger([Purge(f"{recorder.url}/any")], keys_of, httpx.AsyncClient, slept)
    async with beside(purger.run()):
        purger.hear(("subreddits", "posts"))
        await until(lambda: recorder.asked)
    method, path, headers, _ = recorder.asked[0]
    assert (method, path) == ("PURGE", "/any")
    assert headers["xkey"] == headers["surrogate-key"] == "subpulse-posts subpulse-subreddits"


async def test_fastly_gets_up_to_256_keys_at_once(recorder: Recorder, slept: Slept) -> None:
    purger = EdgePurger([Fastly("abc123", "hunter2", recorder.url)], keys_of, httpx.AsyncClient, slept)
    async with beside(purger.run()):
        purger.hear(MANY)
        await until(lambda: len(recorder.asked) == 2)
    for method, path, headers, _ in recorder.asked:
        assert (method, path) == ("POST", "/service/abc123/purge")
        assert headers["fastly-key"] == "hunter2"
    told = [headers["surrogate-key"].split() for _, _, headers, _ in recorder.asked]
    assert [len(keys) for keys in told] == [256, 44]
    assert [key for keys in told for key in keys] == [f"subpulse-tag{n:03}" for n in range(300)]


async def test_cloudflare_gets_up_to_30_tags_at_once(recorder: Recorder, slept: Slept) -> None:
    target = Cloudflare("0zone9", "hunter2", f"{recorder.url}/client/v4")
    purger = EdgePurger([target], keys_of, httpx.AsyncClient, slept)
    async with beside(purger.run()):
        purger.hear(MANY)
        await until(lambda: len(recorder.asked) == 10)
    for method, path, headers, body in recorder.asked:
        assert (method, path) == ("POST", "/client/v4/zones/0zone9/purge_cache")
        assert headers["authorization"] == "Bearer hunter2"
        assert len(orjson.loads(body)["tags"]) == 30


async def test_a_burst_of_writes_is_one_purge(recorder: Recorder) -> None:
    purger = EdgePurger([Purge(recorder.url)], keys_of, httpx.AsyncClient)
    async with beside(purger.run()):
        for _ in range(500):
            purger.hear(("posts",))
        await until(lambda: purger.counts()[recorder.host].purges)
    assert len(recorder.asked) == 1


async def test_everything_goes_by_the_one_key_that_every_answer_has(recorder: Recorder, slept: Slept) -> None:
    purger = EdgePurger([Purge(recorder.url)], keys_of, httpx.AsyncClient, slept)
    async with beside(purger.run()):
        purger.hear(("posts", "*"))
        await until(lambda: recorder.asked)
    assert recorder.asked[0][2]["xkey"] == "subpulse"


async def test_what_no_answer_carries_is_not_told(recorder: Recorder, slept: Slept) -> None:
    purger = EdgePurger([Purge(recorder.url)], keys_of, httpx.AsyncClient, slept)
    async with beside(purger.run()):
        purger.hear(("instagram", "subreddit:t5_1", "key:stats:abc"))
        purger.hear(("posts",))
        await until(lambda: recorder.asked)
    assert [headers["xkey"] for _, _, headers, _ in recorder.asked] == ["subpulse-posts"]


async def test_it_is_tried_again_and_a_row_of_failures_is_one_line_in_the_log(
    recorder: Recorder, slept: Slept
) -> None:
    recorder.statuses = [500, 429, 503, 200]
    purger = EdgePurger([Fastly("abc", "hunter2", recorder.url)], keys_of, httpx.AsyncClient, slept)
    with structlog.testing.capture_logs() as logs:
        async with beside(purger.run()):
            purger.hear(("posts",))
            await until(lambda: purger.counts()["fastly"].purges)
    assert [entry["event"] for entry in logs] == ["edge not told what to forget", "edge told again"]
    assert "hunter2" not in str(logs)
    assert slept.seconds[1:] == list(PAUSES_SECONDS)
    counts = purger.counts()["fastly"]
    assert (counts.failed_tries, counts.given_up, counts.last_failure) == (3, 0, None)


async def test_after_four_tries_it_is_given_up_and_the_next_write_is_told(
    recorder: Recorder, slept: Slept
) -> None:
    recorder.statuses = [500] * 4
    purger = EdgePurger([Purge(recorder.url)], keys_of, httpx.AsyncClient, slept)
    async with beside(purger.run()):
        purger.hear(("posts",))
        await until(lambda: purger.counts()[recorder.host].given_up)
        purger.hear(("subreddits",))
        await until(lambda: purger.counts()[recorder.host].purges)
    assert recorder.asked[-1][2]["xkey"] == "subpulse-subreddits"


async def test_one_that_does_not_answer_holds_up_neither_writes_nor_the_others(
    recorder: Recorder, slept: Slept
) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        lost = Purge(f"http://localhost:{server.sockets[0].getsockname()[1]}")
        purger = EdgePurger([lost, Purge(recorder.url)], keys_of, httpx.AsyncClient, slept)
        async with beside(purger.run()):
            for number in range(3):
                purger.hear(("posts",))
                await until(lambda number=number: len(recorder.asked) > number)
    assert purger.counts()[lost.name].purges == 0


async def test_while_we_do_not_hear_of_writes_an_edge_keeps_what_it_has(
    recorder: Recorder, slept: Slept
) -> None:
    hears = [False]
    purger = EdgePurger([Purge(recorder.url)], keys_of, httpx.AsyncClient, slept, hears=lambda: hears[0])
    async with beside(purger.run()):
        for _ in range(5):
            purger.hear(("*",))
            await until(lambda: slept.seconds)
            slept.seconds.clear()
        assert recorder.asked == []
        hears[0] = True
        await until(lambda: recorder.asked)
    assert [headers["xkey"] for _, _, headers, _ in recorder.asked] == ["subpulse"]


def test_nobody_is_told_anything_unless_the_settings_say_so(settings: Settings) -> None:
    assert targets(settings) == []
    assert edge_of(settings) == Edge(is_told=False, is_cloudflare=False)


def test_the_settings_name_whom_to_tell(settings: Settings) -> None:
    changes: dict[str, Any] = {
        "edge_purge_urls": ("http://varnish-1:6081", "http://varnish-2:6081"),
        "fastly_service_id": "abc",
        "fastly_api_token": "hunter2",
        "cloudflare_zone_id": "def",
        "cloudflare_api_token": "hunter3",
    }
    chosen = settings.model_copy(update=changes)
    assert [target.name for target in targets(chosen)] == [
        "varnish-1:6081",
        "varnish-2:6081",
        "fastly",
        "cloudflare",
    ]
    assert edge_of(chosen) == Edge(is_told=True, is_cloudflare=True)
    assert "hunter" not in f"{chosen!r}{targets(chosen)!r}"
