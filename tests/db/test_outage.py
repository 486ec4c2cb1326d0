import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from db import database, outage, runs, written
from db.database import Database
from db.embedded import EmbeddedServer
from db.errors import DatabaseDown
from db.measure import QueryRecorder
from db.server import prepare
from tests.conftest import folder_for_postgres
from tests.waiting import PATIENCE_SECONDS, beside, until, until_found

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outage, "CHECK_SECONDS", 0.05)
    monkeypatch.setattr(written, "RETRY_SECONDS", 0.05)


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    """A PostgreSQL of this test's own, that it may stop."""
    with folder_for_postgres() as folder:
        own = EmbeddedServer(folder)
        prepare(own, "subpulse_sandbox")
        yield own
        own.stop()


@pytest.fixture
async def own(server: EmbeddedServer) -> AsyncIterator[Database]:
    db = Database(server.conninfo, "subpulse_sandbox", QueryRecorder(100), pool_size=4)
    await db.open()
    yield db
    await db.close()


async def test_an_outage_is_noticed_and_its_end_is_too(own: Database, server: EmbeddedServer) -> None:
    async with asyncio.TaskGroup() as group:  # several connections that will all be dead
        for _ in range(4):
            group.create_task(runs.is_paused(own, "prune"))
    async with beside(outage.watch(own)):
        await asyncio.to_thread(stop, server)
        with pytest.raises(DatabaseDown):
            await runs.is_paused(own, "prune")
        await until(lambda: own.down_reason is not None)
        with pytest.raises(DatabaseDown, match="connection"):
            await runs.is_paused(own, "prune")
        await asyncio.to_thread(server.revive)
        await until(lambda: own.down_reason is None)
        async with asyncio.TaskGroup() as group:
            for number in range(20):
                group.create_task(runs.pause(own, f"job {number}", True))
        assert len(await own.rows("runs.controls")) == 20


async def test_while_it_is_away_every_call_fails_at_once_and_none_waits(
    own: Database, server: EmbeddedServer
) -> None:
    async with beside(outage.watch(own)):
        await asyncio.to_thread(stop, server)
        await until(lambda: own.down_reason is not None)
        async with asyncio.timeout(1):
            for _ in range(100):
                with pytest.raises(DatabaseDown):
                    await runs.is_paused(own, "prune")
        assert own.pool_state().waiting == 0


async def test_a_server_of_our_own_is_started_again(own: Database, server: EmbeddedServer) -> None:
    revived: list[None] = []

    def revive() -> None:
        server.revive()
        revived.append(None)

    async with beside(outage.watch(own, revive)):
        await asyncio.to_thread(stop, server)
        await until(lambda: bool(revived) and own.down_reason is None)
        assert await runs.is_paused(own, "prune") is False


async def test_writes_during_an_outage_of_the_listener_are_a_gap(
    own: Database, server: EmbeddedServer
) -> None:
    heard: list[str] = []
    gaps: list[None] = []
    async with beside(
        written.listen(own, lambda word: heard.append(word.split()[1]), lambda: gaps.append(None))
    ):
        await until(lambda: len(gaps) == 1)
        await asyncio.to_thread(stop, server)
        await until(lambda: len(gaps) > 1)
        seen = len(gaps)
        await asyncio.to_thread(server.revive)
        await until(lambda: len(gaps) > seen)
        await own.pool.check()

        async def announced_and_heard() -> bool:
            async with own.transaction() as session:
                await written.announce(session, "posts")
            return bool(heard)

        await until_found(announced_and_heard)
        assert set(heard) == {"posts"}


async def test_a_busy_pool_is_not_an_outage(db: Database) -> None:
    async with beside(outage.watch(db)), db.connection(), db.connection(), db.connection(), db.connection():
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):  # some ten checks
                await until(lambda: db.down_reason)
        assert db.down_reason is None


async def test_opening_without_a_server_says_where_it_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "WAIT_SECONDS", 0.2)
    db = Database(f"postgresql://postgres@/postgres?host={tmp_path}", "s", QueryRecorder(100), pool_size=4)
    with pytest.raises(DatabaseDown, match=r"PostgreSQL does not answer: .*No such file"):
        await db.open()


def stop(server: EmbeddedServer) -> None:
    """As if the machine's owner had stopped it: the handle stays, the server is gone."""
    assert server._server is not None
    postmaster = psutil.Process(server._server.get_pid())
    postmaster.send_signal(signal.SIGINT)  # fast shutdown
    psutil.wait_procs([postmaster], timeout=PATIENCE_SECONDS)
