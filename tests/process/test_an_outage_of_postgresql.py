"""PostgreSQL stopped under the running process: it says so, and recovers by itself."""

from collections.abc import Iterator

import httpx
import psycopg
import pytest

from db.embedded import EmbeddedServer
from tests.conftest import SCHEMA, folder_for_postgres
from tests.process.conftest import Running, Start

RECOVERY_SECONDS = 5


class Outage:
    """A PostgreSQL of the operator's own, which the test can stop and start."""

    def __init__(self, server: EmbeddedServer) -> None:
        self._server = server
        self.url = server.start()

    def begin(self) -> None:
        assert self._server._server is not None
        self._server._server.stop()

    def end(self) -> None:
        self._server.revive()

    def value(self, statement: str) -> object:
        with psycopg.connect(self.url) as connection:
            connection.execute(f"SET search_path = {SCHEMA}")
            row = connection.execute(statement.encode()).fetchone()
            assert row is not None
            return row[0]


@pytest.fixture
def outage() -> Iterator[Outage]:
    with folder_for_postgres() as folder:
        server = EmbeddedServer(folder)
        yield Outage(server)
        server.stop()


def is_down(running: Running) -> bool:
    return running.get("/health").status_code == 503


def collects_again(running: Running, before: int) -> bool:
    answer = running.get("/api/stats")
    return answer.status_code == 200 and answer.json()["posts"] > before


def test_requests_say_so_and_all_recovers_with_nothing_lost(start: Start, outage: Outage) -> None:
    running = start(DATABASE_URL=outage.url, SANDBOX_LATENCY_MS="50")
    running.until_healthy()
    before = running.until(lambda me: (me.get("/api/stats").json() or {}).get("posts"))

    outage.begin()
    running.until(is_down, RECOVERY_SECONDS)
    health = running.get("/health").json()
    assert health["parts"]["database"]["ok"] is False
    assert "database: " in health["reason"]
    for path in ("/api/stats", "/api/subreddits", "/api/subreddits/none", "/api/categorization"):
        answer = running.get(path)
        assert answer.status_code == 503, path
        assert answer.headers["content-type"] == "application/problem+json"
        assert "PostgreSQL does not answer" in answer.json()["detail"]
        assert int(answer.headers["retry-after"]) >= 1
    assert running.get("/").status_code == 200, "the pages are still served, to say so"
    with httpx.stream("GET", f"{running.url}/api/live", timeout=10) as stream:
        lines = (line for line in stream.iter_lines() if line.startswith("data: "))
        next(lines)
        assert '"word":"Down"' in next(lines), "the pulse goes on and says so"

    outage.end()
    running.until_healthy(RECOVERY_SECONDS)
    running.until(lambda me: collects_again(me, before), 60)
    assert (
        outage.value(
            "SELECT count(*) FROM job_runs WHERE outcome = 'running' AND started_at < now() - "
            "interval '1 minute'"
        )
        == 0
    )
    assert outage.value("SELECT count(*) - count(DISTINCT id) FROM posts") == 0
    # In one statement, because collecting goes on.
    assert (
        outage.value("SELECT (SELECT count(*) FROM posts) - (SELECT value FROM totals WHERE name = 'posts')")
        == 0
    ), "what was counted is what is there"

    outage.begin()
    assert running.interrupt() == 0, "Ctrl-C works without PostgreSQL too"
