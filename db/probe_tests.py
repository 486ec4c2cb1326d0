"""Trying a probe out: the page asks, whoever does the checks answers. A network may differ between the two."""

import asyncio
import time
import uuid
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from psycopg.types.json import Jsonb

from db.database import Database
from db.probe_definition import Definition, of_row

PATIENCE = timedelta(minutes=2)  # after which nobody waits any more
POLL_SECONDS = 0.1


async def ask(db: Database, definition: Definition) -> uuid.UUID:
    """Have it tried out; the answer is to be had by this id."""
    test = uuid.uuid4()
    question = {**asdict(definition), "headers": dict(definition.headers)}
    await db.execute("probes.ask_test", id=test, question=Jsonb(question))
    return test


async def answer_of(db: Database, test: uuid.UUID, within_seconds: float) -> dict[str, Any] | None:
    """The answer, once, None when there is none within that time."""
    give_up = time.monotonic() + within_seconds
    while (answer := await db.value("probes.collect_test", id=test)) is None:
        if time.monotonic() >= give_up:
            return None
        await asyncio.sleep(POLL_SECONDS)
    return answer  # type: ignore[no-any-return]


async def take(db: Database) -> list[tuple[uuid.UUID, Definition]]:
    """What is to be tried out, reserved for the caller alone."""
    await db.execute("probes.forget_tests", patience=PATIENCE)
    rows = await db.rows("probes.take_tests", patience=PATIENCE)
    return [(row["id"], of_row(row["question"])) for row in rows]


async def answer(db: Database, test: uuid.UUID, found: dict[str, Any]) -> None:
    """Tell whoever asked; `found` is plain JSON."""
    await db.execute("probes.answer_test", id=test, answer=Jsonb(found))
