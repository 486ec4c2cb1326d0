import asyncio
from contextlib import suppress
from datetime import timedelta

import psycopg
import pytest

from db.diagnosis import locks
from db.diagnosis.locks import Holder, Wait, blocking, cancel, judged, terminate
from db.diagnosis.target import Target
from tests.db.diagnosis.others import Other, another, run
from tests.waiting import until_found


@pytest.fixture
async def shop(theirs: Target) -> Target:
    await run(
        theirs, "CREATE TABLE stock (id int PRIMARY KEY, pieces int)", "INSERT INTO stock VALUES (1, 5)"
    )
    return theirs


async def takes(other: Other) -> None:
    with suppress(psycopg.errors.QueryCanceled, psycopg.OperationalError):
        await other.execute("UPDATE stock SET pieces = pieces - 1 WHERE id = 1")


async def trees_of(target: Target, waiting: int) -> list[Holder]:
    """Who blocks whom, once so many wait."""
    found: list[Holder] = []

    async def enough() -> bool:
        answer = await blocking(target)
        assert isinstance(answer, list)
        found[:] = answer
        return sum(tree.waiting for tree in answer) == waiting

    await until_found(enough)
    return found


async def test_a_blocked_transaction_stands_under_the_one_that_blocks_it(shop: Target) -> None:
    async with another(shop) as first, another(shop, application_name="till") as second:
        await takes(first)
        waiting = asyncio.create_task(takes(second))
        (tree,) = await trees_of(shop, 1)
        assert (tree.pid, tree.wait) == (first.info.backend_pid, None)
        assert tree.blocks[0].pid == second.info.backend_pid
        await first.rollback()
        await waiting
    assert tree.backend is not None
    assert tree.backend.state == "idle in transaction"
    (under,) = tree.blocks
    assert under.backend is not None
    assert under.backend.application == "till"
    assert under.backend.text.startswith("UPDATE stock")
    assert under.wait is not None
    assert (under.wait.kind, under.wait.relation) == ("transactionid", "public.stock")
    assert under.wait.blocked_by == [tree.pid]
    assert 0 <= under.wait.seconds < 60


async def test_many_that_wait_for_one_stand_under_it_each_once(shop: Target) -> None:
    async with another(shop) as first, another(shop) as a, another(shop) as b, another(shop) as c:
        await takes(first)
        waiting = [asyncio.create_task(takes(other)) for other in (a, b, c)]
        (tree,) = await trees_of(shop, 3)
        assert tree.pid == first.info.backend_pid
        await terminate_all(shop, a, b, c)
        await asyncio.gather(*waiting)


async def terminate_all(target: Target, *others: Other) -> None:
    for other in others:
        await run(target, f"SELECT pg_cancel_backend({other.info.backend_pid})")


async def test_a_statement_that_waits_can_be_cancelled_and_its_connection_stays(shop: Target) -> None:
    async with another(shop) as first, another(shop) as second:
        await takes(first)
        waiting = asyncio.create_task(second.execute("UPDATE stock SET pieces = 0"))
        (tree,) = await trees_of(shop, 1)
        backend = tree.blocks[0].backend
        assert backend is not None
        ended = await cancel(shop, backend.pid, backend.backend_start)
        assert (ended.done, ended.remedy) == (True, None)
        with pytest.raises(psycopg.errors.QueryCanceled):
            await waiting
        await second.rollback()
        await second.execute("SELECT 1")


async def test_one_that_blocks_can_be_ended(shop: Target) -> None:
    async with another(shop) as first, another(shop) as second:
        await takes(first)
        waiting = asyncio.create_task(takes(second))
        (tree,) = await trees_of(shop, 1)
        assert tree.backend is not None
        assert (await terminate(shop, tree.pid, tree.backend.backend_start)).done
        await waiting
        with pytest.raises(psycopg.OperationalError):
            await first.execute("SELECT 1")


async def test_another_that_has_the_same_process_id_is_left_alone(shop: Target) -> None:
    async with another(shop) as first:
        await takes(first)
        backend = await backend_of(shop, first)
        ended = await terminate(shop, backend.pid, backend.backend_start - timedelta(microseconds=1))
        assert (ended.done, ended.sentence) == (False, f"Process {backend.pid} has ended meanwhile.")
        await first.execute("SELECT 1")
    assert not (await cancel(shop, 2**22 + 1, backend.backend_start)).done


async def backend_of(target: Target, other: Other) -> locks.Backend:
    async with locks.question(target) as session:
        (found,) = await locks.backends(target, session, [other.info.backend_pid])
    return found


async def test_the_connection_that_asks_and_postgresqls_own_processes_are_left_alone(shop: Target) -> None:
    async with shop.db.connection() as connection:
        cursor = await connection.execute(
            "SELECT pid, backend_start FROM pg_stat_activity "
            "WHERE pid = pg_backend_pid() OR backend_type = 'checkpointer' ORDER BY backend_type"
        )
        checkpointer, own = await cursor.fetchall()
    said = await terminate(shop, *checkpointer)
    assert (said.done, "PostgreSQL's own" in said.sentence) == (False, True)
    said = await terminate(shop, *own)
    assert (said.done, "connection that asks" in said.sentence) == (False, True)


def wait(pid: int, *blocked_by: int, seconds: float = 10.0) -> Wait:
    return Wait(pid, "ShareLock", "transactionid", None, None, seconds, blocked_by)


def shape(trees: list[Holder] | tuple[Holder, ...]) -> list[object]:
    return [(tree.pid, shape(list(tree.blocks))) if tree.blocks else tree.pid for tree in trees]


@pytest.mark.parametrize(
    ("waits", "shown"),
    [
        ([wait(2, 1), wait(3, 2)], [(1, [(2, [3])])]),
        ([wait(2, 1), wait(3, 2, 1), wait(4, 3, 2, 1)], [(1, [2, 3, 4])]),
        ([wait(2, 0)], [(0, [2])]),
        ([wait(1, 2), wait(2, 1)], [(1, [2])]),
        ([wait(1, 2), wait(2, 1), wait(3, 1)], [(1, [2, 3])]),
    ],
    ids=["a chain", "a queue", "a prepared transaction", "a deadlock", "behind a deadlock"],
)
def test_each_that_waits_stands_in_one_place(waits: list[Wait], shown: list[object]) -> None:
    assert shape(locks._trees({one.pid: one for one in waits}, {})) == shown


def test_a_thousand_that_wait_for_each_other_are_no_trouble() -> None:
    queue = [wait(pid, *range(pid - 1, 0, -1)) for pid in range(2, 1002)]
    (tree,) = locks._trees({one.pid: one for one in queue}, {})
    assert tree.waiting == 1000


def test_a_long_wait_is_judged() -> None:
    def findings(seconds: float) -> list[str]:
        return [one.severity for one in judged(locks._trees({2: wait(2, 1, seconds=seconds)}, {}))]

    assert (findings(4), findings(6), findings(61)) == ([], ["watch"], ["bad"])
    (finding,) = judged(locks._trees({2: wait(2, 0, seconds=90)}, {}))
    assert finding.sentence.startswith("A prepared transaction holds a lock for which 1 other waits")
    assert finding.remedy_sql is None
