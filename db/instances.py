"""Processes that take part: each has a row and says every few seconds that it is still there."""

import os
import socket
import uuid
from datetime import timedelta

import psutil

from db.database import Database

SAME_PROCESS_SECONDS = 2.0
SILENCE = timedelta(seconds=45)  # after so long without a sign, a process counts as gone


def new_instance_id() -> str:
    """A name for this process that no other has, before or after."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"


def process_name(role: str, port: int) -> str:
    """What this process is called before and after a restart: `app@host:port`, `worker@host`."""
    return f"{role}@{socket.gethostname()}" + (f":{port}" if role == "app" else "")


async def join(db: Database, instance: str, role: str) -> None:
    """Enter as `role` (app, worker or run)."""
    await db.execute(
        "instances.join",
        id=instance,
        hostname=socket.gethostname(),
        pid=os.getpid(),
        created=psutil.Process().create_time(),
        role=role,
    )


async def beat(db: Database, instance: str) -> None:
    await db.execute("instances.beat", id=instance)


async def leave(db: Database, instance: str) -> None:
    await db.execute("instances.leave", id=instance)


async def dead_on_this_machine(db: Database, me: str) -> list[str]:
    """Processes of this machine that ended without a word: no need to wait for their silence."""
    rows = await db.rows("instances.on_host", hostname=socket.gethostname())
    return [row["id"] for row in rows if row["id"] != me and not _lives(row["pid"], row["created"])]


def _lives(pid: int, created: float) -> bool:
    """Whether the process with that id is the one that joined, and not a later namesake."""
    try:
        return bool(abs(psutil.Process(pid).create_time() - created) < SAME_PROCESS_SECONDS)
    except psutil.NoSuchProcess:
        return False
