"""The slowest requests of each minute, stored for a week, each with its statements and what ran beside it."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from db.database import Database
from db.normalized import identified
from db.slowest import SlowRequest

STATEMENTS_KEPT = 10
SHOWN = 200


async def add(db: Database, instance: str, slow: Iterable[SlowRequest]) -> None:
    """Store requests of a process, each statement under its name or its normalised text."""
    async with db.transaction() as session:
        await session.execute_each("slow_requests.add", (_row(instance, one) for one in slow))


def _row(instance: str, one: SlowRequest) -> dict[str, object]:
    longest = sorted(one.trace.items(), key=lambda item: -item[1][1])[:STATEMENTS_KEPT]
    return {
        "at": datetime.fromtimestamp(one.ended_at, UTC),
        "instance": instance,
        "route": one.route,
        "method": one.method,
        "status": one.status,
        "seconds": one.seconds,
        "parameters": list(one.parameters),
        "calls": int(sum(calls for calls, _ in one.trace.values())),
        "sql_seconds": sum(seconds for _, seconds in one.trace.values()),
        "statements": Jsonb(
            [
                {"statement": identified(text).name, "calls": int(calls), "seconds": seconds}
                for text, (calls, seconds) in longest
            ]
        ),
    }


async def between(
    db: Database,
    since: datetime,
    until: datetime,
    methods: Sequence[str],
    route: str | None = None,
    but: Sequence[str] = (),
    limit: int = SHOWN,
) -> list[DictRow]:
    """The slowest kept requests that ended within a range, slowest first.

    id, at (when it ended), route, method, status, seconds, parameters (names), calls, sql_seconds, statements (the
    longest: statement, calls, seconds), and jobs: names of those that ran meanwhile.

    Args:
        methods: GET …, or PAGE for what the dashboard's own pages read.
        but: jobs to leave out, such as those that every process runs all the time.
    """
    return await db.rows(
        "slow_requests.between",
        since=since, until=until, methods=list(methods), route=route, but=list(but), limit=limit,
    )  # fmt: skip
