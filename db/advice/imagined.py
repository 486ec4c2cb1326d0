"""Indexes that PostgreSQL only imagines, by hypopg: what plans would be with them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from db.advice.definition import IndexDefinition, Part
from db.database import Session


@asynccontextmanager
async def imagined(
    session: Session, definition: IndexDefinition, parts: Sequence[Part]
) -> AsyncIterator[frozenset[str]]:
    """While the body lasts, plans of this connection may use the index; how it is called there, on each partition."""
    try:
        async with session.connection.transaction():  # so that it can be forgotten after an error too
            yield frozenset(
                [
                    await session.value(
                        "advice.hypothetical",
                        definition=definition.create(part, concurrently=False).as_string(),
                    )
                    for part in parts
                    if not part.is_partitioned
                ]
            )
    finally:
        await session.execute("advice.forget_hypothetical")
