"""How PostgreSQL and the queue fare, by one statement of a few milliseconds every ten seconds."""

import time
from collections.abc import Callable

import psycopg
import structlog
from psycopg.rows import DictRow

from db.database import Database
from db.errors import one_line

log = structlog.get_logger()

AS_THEY_ARE = {  # series: column
    "pg_connections": "connections",
    "pg_max_connections": "max_connections",
    "pg_active": "active",
    "pg_idle": "idle",
    "pg_idle_in_transaction": "idle_in_transaction",
    "pg_size": "size",
    "queue_waiting": "queue_waiting",
    "queue_running": "queue_running",
    "queue_oldest": "queue_oldest",
}
PER_SECOND = {  # series: a column that only grows
    "pg_transactions": "transactions",
    "pg_wal": "wal",
    "pg_temp_files": "temp_files",
    "pg_temp_bytes": "temp_bytes",
    "pg_deadlocks": "deadlocks",
}
LONGEST_SECONDS = 60.0  # over a longer gap, as after an outage, a rate would tell of no moment


class Vitals:
    """Reads them, and remembers counters from one reading to the next.

    Args:
        clock: seconds, for what is told per second.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._before: tuple[float, DictRow] | None = None
        self._refused: str | None = None

    async def read(self, db: Database) -> dict[str, float | None]:
        """Values by series (db/series.py); None where it is not known, as every rate is in the first reading.

        A server that refuses to tell, for want of rights, leaves all of them out, and says why once in the log.
        """
        try:
            row = await db.row("vitals.read")
        except psycopg.Error as exc:
            reason = one_line(exc)
            if reason != self._refused:
                log.warning("PostgreSQL does not tell how it fares", why=reason)
            self._refused, row = reason, None
        if row is None:
            return {}
        now, before = self._clock(), self._before
        self._before = now, row
        values: dict[str, float | None] = {name: row[column] for name, column in AS_THEY_ARE.items()}
        if before is not None and 0 < now - before[0] <= LONGEST_SECONDS:
            seconds, earlier = now - before[0], before[1]
            for name, column in PER_SECOND.items():
                grown = _grown(row, earlier, column)
                values[name] = None if grown is None else grown / seconds
            hits, read = _grown(row, earlier, "blks_hit"), _grown(row, earlier, "blks_read")
            values["pg_hit_rate"] = 100 * hits / (hits + read) if hits and read is not None else None
        return values


def _grown(now: DictRow, before: DictRow, column: str) -> float | None:
    """By how much a counter grew; None when it is not known, or began anew, as after a crash of the server."""
    if now[column] is None or before[column] is None or now[column] < before[column]:
        return None
    return float(now[column] - before[column])
