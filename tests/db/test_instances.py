import os
import subprocess
import sys

import psutil
import pytest

from db import instances
from db.database import Database
from tests.stored import sql


async def pretend(db: Database, instance: str, pid: int) -> None:
    """Enter in the name of another process."""
    await instances.join(db, instance, "worker")
    created = psutil.Process(pid).create_time() if psutil.pid_exists(pid) else 0
    await sql(db, "UPDATE instances SET pid = %s, created = %s WHERE id = %s", pid, created, instance)


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
    await sql(db, "UPDATE instances SET created = created - 3600")
    assert await instances.dead_on_this_machine(db, "me") == ["before the boot"]


async def test_two_in_one_process_do_not_take_each_other_for_dead(db: Database) -> None:
    for name in ("me", "my twin"):
        await instances.join(db, name, "app")
    assert await instances.dead_on_this_machine(db, "me") == []


async def test_a_process_that_was_thought_dead_is_back_with_its_next_sign(db: Database) -> None:
    await instances.join(db, "me", "app")
    await instances.leave(db, "me")
    await instances.beat(db, "me")
    assert await sql(db, "SELECT stopped_at FROM instances") == [(None,)]
