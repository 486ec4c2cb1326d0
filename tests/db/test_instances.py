import os
import subprocess
import sys

import pytest

from db import instances
from db.database import Database
from tests.stored import sql


async def pretend(db: Database, instance: str, pid: int) -> None:
    await instances.join(db, instance, "worker")
    await sql(db, "UPDATE instances SET pid = %s WHERE id = %s", pid, instance)


def test_no_two_names_are_alike() -> None:
    assert len({instances.new_instance_id() for _ in range(100)}) == 100
    assert f"-{os.getpid()}-" in instances.new_instance_id()


async def test_a_process_enters_gives_signs_and_leaves(db: Database) -> None:
    await instances.join(db, "me", "app")
    await sql(db, "UPDATE instances SET seen_at = now() - interval '1 hour'")
    await instances.beat(db, "me")
    query = "SELECT role, pid, seen_at > now() - interval '1 minute', stopped_at IS NULL FROM instances"
    assert await sql(db, query) == [("app", os.getpid(), True, True)]
    await instances.leave(db, "me")
    assert await sql(db, query) == [("app", os.getpid(), True, False)]


@pytest.fixture
def ended_pid() -> int:
    """The id of a process that was there."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        return process.pid


async def test_those_of_this_machine_whose_process_ended_are_known_at_once(
    db: Database, ended_pid: int
) -> None:
    await instances.join(db, "me", "app")
    await pretend(db, "crashed", ended_pid)
    await pretend(db, "parent", os.getppid())
    await pretend(db, "elsewhere", ended_pid)
    await sql(db, "UPDATE instances SET hostname = 'another' WHERE id = 'elsewhere'")
    await pretend(db, "left", ended_pid)
    await instances.leave(db, "left")
    assert await instances.dead_on_this_machine(db, "me") == ["crashed"]


async def test_a_namesake_that_began_later_does_not_count_as_alive(db: Database) -> None:
    await pretend(db, "before the boot", os.getppid())
    await sql(db, "UPDATE instances SET started_at = '2001-01-01'")
    assert await instances.dead_on_this_machine(db, "me") == ["before the boot"]
