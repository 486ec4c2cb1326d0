"""The statements that Subpulse ran, stored by interval, and the slow ones with their plans."""

import re
from datetime import UTC, datetime
from typing import Any

import orjson
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from db import histogram
from db.attribution import asked_by
from db.database import Database
from db.measure import QueryStats, SlowQuery, parameter_types
from db.statements import names_by_text

INTERVAL_SECONDS = 10
EXPLAINABLE = re.compile(r"(\s|--.*\n)*(SELECT|INSERT|UPDATE|DELETE|WITH|MERGE)\b", re.IGNORECASE)
_LITERAL = re.compile(r"'(?:[^']|'')*'|(?<![\w$.])\d+(?:\.\d+)?")


def interval_start(at: float) -> datetime:
    """The start of the interval that a moment (epoch seconds) falls into."""
    return datetime.fromtimestamp(at // INTERVAL_SECONDS * INTERVAL_SECONDS, UTC)


async def add_query_stats(
    db: Database, instance: str, at: datetime, stats: dict[tuple[str, str], QueryStats]
) -> None:
    """Store an interval's statements, each under its name or its normalised text."""
    async with db.transaction() as session:
        await session.execute_each(
            "telemetry.add_query_stats",
            (
                {
                    "at": at,
                    "width": INTERVAL_SECONDS,
                    "instance": instance,
                    "statement": statement_name(text),
                    "asker": asker,
                    "calls": counted.calls,
                    "rows": counted.rows,
                    "total_seconds": counted.total_seconds,
                    "max_seconds": counted.max_seconds,
                    "histogram": histogram.encode(counted.counts()),
                }
                for (text, asker), counted in stats.items()
            ),
        )


async def add_slow_query(db: Database, instance: str, slow: SlowQuery) -> None:
    """Store a slow execution with its plan, taken now, on nobody's time."""
    plan, missing = await explain(db, slow)
    await db.execute(
        "telemetry.add_slow_query",
        at=datetime.fromtimestamp(slow.at, UTC),
        instance=instance,
        statement=statement_name(slow.text),
        text=slow.text,
        asker=slow.asker,
        seconds=slow.seconds,
        rows=slow.rows,
        parameter_types=Jsonb(parameter_types(slow.params)),
        plan=Jsonb(plan) if plan is not None else None,
        plan_missing=missing,
    )


async def explain(db: Database, slow: SlowQuery) -> tuple[Any | None, str | None]:
    """(plan, None) as EXPLAIN (FORMAT JSON) gives it, without parameters' values, or (None, why there is none)."""
    if not EXPLAINABLE.match(slow.text):
        return None, "PostgreSQL explains only statements that read or change rows"
    with asked_by("slow query log"):
        async with db.connection() as connection:
            try:
                cursor = await connection.execute(f"EXPLAIN (FORMAT JSON) {slow.text}", slow.params)
                row = await cursor.fetchone()
            except Exception as exc:  # noqa: BLE001 - any statement may be unexplainable; the log says why
                return None, " ".join(str(exc).split())
    return (_without_values(row[0]) if row else None), None


def _without_values(plan: Any, key: str = "") -> Any:
    """The plan with every literal in its conditions as `?`, for PostgreSQL writes parameters into them."""
    if isinstance(plan, dict):
        return {key: _without_values(value, key) for key, value in plan.items()}
    if isinstance(plan, list):
        return [_without_values(value, key) for value in plan]
    if isinstance(plan, str) and not key.endswith(("Name", "Alias")):
        return _LITERAL.sub("?", plan)
    return plan


def statement_name(text: str) -> str:
    """`topic.name` of our own statements; other texts with white space folded, at most 500 characters."""
    return names_by_text().get(text) or " ".join(text.split())[:500]


async def statements_since(db: Database, since: datetime, limit: int = 100) -> list[dict[str, Any]]:
    """Statements by total time: calls, rows, seconds in all and at most, p95, who asked."""
    found = []
    for row in await db.rows("telemetry.statements_since", since=since, limit=limit):
        (p95,) = histogram.quantiles(histogram.decode(row.pop("histogram")), (0.95,))
        found.append({**row, "mean_seconds": row["total_seconds"] / row["calls"], "p95_seconds": p95})
    return found


async def slow_queries(db: Database, since: datetime, limit: int = 200) -> list[DictRow]:
    """The newest slow executions, newest first."""
    return await db.rows("telemetry.slow_queries", since=since, limit=limit)


def plan_summary(plan: Any) -> str:
    """A plan's nodes with their estimated cost and rows, indented by depth."""
    loaded = orjson.loads(plan) if isinstance(plan, str | bytes) else plan
    lines: list[str] = []

    def walk(node: dict[str, Any], depth: int) -> None:
        target = node.get("Relation Name") or node.get("Index Name") or node.get("CTE Name") or ""
        lines.append(
            f"{'  ' * depth}{node['Node Type']} {target}".rstrip()
            + f"  (cost {node['Total Cost']:,.0f}, rows {node['Plan Rows']:,})"
        )
        for child in node.get("Plans", ()):
            walk(child, depth + 1)

    walk(loaded[0]["Plan"], 0)
    return "\n".join(lines)
