from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from db.diagnosis.findings import verdict
from db.diagnosis.indexes import Counting, counting
from db.diagnosis.replication import Replica, Replication, Slot, judged, replication
from db.diagnosis.target import Target, WatchedDatabase
from db.measure import QueryRecorder
from tests.db.diagnosis.others import run
from tests.db.diagnosis.test_configuration import CARELESS
from tests.servers import replica_of

MIB, GIB = 2**20, 2**30


async def test_a_server_by_itself_has_nobody_to_wait_for(theirs: Target) -> None:
    found = await replication(theirs)
    assert found == Replication([], [], False, None)


async def test_a_slot_that_nobody_reads_is_seen(theirs: Target) -> None:
    name = f"left_{theirs.db.conninfo().partition('dbname=test_')[2][:12]}"
    await run(theirs, f"SELECT pg_create_physical_replication_slot('{name}', true)")
    found = await replication(theirs)
    await run(theirs, f"SELECT pg_drop_replication_slot('{name}')")
    assert isinstance(found, Replication)
    (slot,) = found.slots
    assert (slot.name, slot.kind, slot.active, slot.state) == (name, "physical", False, "reserved")
    assert 0 <= (slot.kept_bytes or -1) < GIB
    assert judged(found) == []


async def test_a_replica_is_seen_and_can_be_asked_itself(postgres_15: str) -> None:
    with replica_of(postgres_15) as copy:
        async with watching(postgres_15) as primary, watching(copy) as follower:
            found = await replication(primary)
            assert isinstance(found, Replication)
            (seen,) = found.replicas
            assert (seen.state, seen.synchrony) == ("streaming", "async")
            assert (seen.behind_bytes or 0) < GIB
            assert judged(found) == []
            of_itself = await replication(follower)
            assert isinstance(of_itself, Replication)
            assert (of_itself.is_replica, of_itself.replicas) == (True, [])
            there = await verdict(follower)
            counted = await counting(primary)
    assert {one.title for one in there.findings} <= CARELESS
    assert there.unanswered == []
    assert isinstance(counted, Counting)
    assert counted.has_replicas


@asynccontextmanager
async def watching(conninfo: str) -> AsyncIterator[Target]:
    db = WatchedDatabase(conninfo, QueryRecorder(1000))
    await db.open()
    yield Target("theirs@localhost", db, None)
    await db.close()


def replica(seconds: float | None, size: float | None) -> Replica:
    return Replica("standby", "10.0.0.2", "streaming", "async", size, seconds)


def slot(size: float | None, active: bool = False, state: str = "reserved") -> Slot:
    return Slot("left's", "physical", active, False, state, size)


@pytest.mark.parametrize(
    ("found", "severities"),
    [
        (Replication([replica(59, GIB)], [], False, None), []),
        (Replication([replica(61, GIB)], [], False, None), ["watch"]),
        (Replication([replica(601, GIB)], [], False, None), ["bad"]),
        (Replication([replica(601, MIB)], [], False, None), []),
        (Replication([replica(None, None)], [], False, None), []),
        (Replication([], [slot(GIB - 1)], False, None), []),
        (Replication([], [slot(GIB)], False, None), ["watch"]),
        (Replication([], [slot(20 * GIB, active=True)], False, None), []),
        (Replication([], [slot(10 * GIB)], False, None), ["bad"]),
        (Replication([], [slot(None, state="lost")], False, None), ["bad"]),
        (Replication([], [slot(5, active=True, state="unreserved")], False, None), ["bad"]),
        (Replication([], [], True, 61.0), ["watch"]),
        (Replication([], [], True, None), []),
    ],
)
def test_lag_and_slots_are_judged(found: Replication, severities: list[str]) -> None:
    assert [one.severity for one in judged(found)] == severities


def test_a_slots_name_is_quoted() -> None:
    (finding,) = judged(Replication([], [slot(GIB)], False, None))
    assert finding.remedy_sql == "SELECT pg_drop_replication_slot('left''s')"
