"""ANALYZE of tables whose statistics are stale: the one thing in this package that writes, and only for who asks."""

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from db.diagnosis.tables import Upkeep, stale_finding
from db.diagnosis.target import Target

ANALYZE_SECONDS = 300.0
LOCK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class StaleTable:
    """A table whose statistics were stale.

    Attributes:
        sentence: why they are called so.
        not_analyzed: why they still are; None when they were made anew.
    """

    table: str
    sentence: str
    not_analyzed: str | None


async def analyze_each(target: Target, stale: Sequence[Upkeep]) -> list[StaleTable]:
    """Make statistics anew, one table at a time; partitions with their table where that is stale too.

    Raises:
        DatabaseDown: the server is away.
    """
    whole = {one.table for one in stale if one.is_partitioned}
    found = []
    for one in stale:
        if one.is_partitioned or one.root not in whole:
            found.append(StaleTable(one.table, stale_finding(one).sentence, await analyze(target, one.table)))
    return found


async def analyze(target: Target, table: str) -> str | None:
    """Make a table's statistics anew; why that could not be done, None when it was.

    Args:
        table: with its schema, quoted as PostgreSQL does (`Upkeep.table`).
    """
    try:
        async with target.db.transaction() as session:
            await session.execute(
                "diagnosis_analyze.begin",
                statement_timeout=f"{ANALYZE_SECONDS * 1e3:.0f}ms",
                lock_timeout=f"{LOCK_SECONDS * 1e3:.0f}ms",
            )
            relation = await session.row("diagnosis_analyze.relation", table=table)
            if relation is None:
                return "it is gone"
            name = sql.Identifier(relation["schema"], relation["name"])
            await session.connection.execute(sql.SQL("ANALYZE {}").format(name))
    except psycopg.errors.UndefinedTable:
        return "it is gone"
    except psycopg.errors.QueryCanceled:
        return f"ANALYZE took longer than {ANALYZE_SECONDS:.0f} s"
    except psycopg.errors.LockNotAvailable:
        return f"it was locked for longer than {LOCK_SECONDS:.0f} s"
    return None
