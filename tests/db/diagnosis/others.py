"""Other clients of the database that is looked at: they hold locks, sit idle and wait."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import psycopg

from db.diagnosis.target import Target

Other = psycopg.AsyncConnection[tuple[Any, ...]]


@asynccontextmanager
async def another(target: Target, **options: str) -> AsyncIterator[Other]:
    """A connection of somebody else's, called `reports`, in a transaction as soon as it runs something."""
    named: dict[str, str] = {"application_name": "reports", **options}
    async with await psycopg.AsyncConnection.connect(target.db.conninfo(), **named) as connection:
        yield connection
        with suppress(psycopg.OperationalError):  # it may have been ended
            await connection.rollback()


async def run(target: Target, *statements: str) -> None:
    """Statements that only a test needs, each in a transaction of its own."""
    async with target.db.connection() as connection:
        for statement in statements:
            await connection.execute(statement.encode())
