"""Which indexes are missing: from the plans of statements that were asked, checked where that can be done."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from time import monotonic

from db.advice.advice import Advised, IndexAdvice, Refused, Served, Unexplained
from db.advice.asked import Asked
from db.advice.definition import IndexDefinition, Part, as_text, parts_of
from db.advice.imagined import imagined
from db.advice.needs import CHEAPER_BY, Need, needs
from db.advice.scans import indexes_used, scans, total_cost
from db.advice.statistics import Key, Table, tables
from db.database import Session
from db.diagnosis.abilities import HYPOTHETICAL, Abilities
from db.diagnosis.target import Target, question
from db.generic_plans import UNEXPLAINABLE, NotExplained, Plan, generic_plan

NOT_ADVISED = {"pg_catalog", "information_schema", "pg_toast"}
ENTRY_BYTES = 12  # of a B-tree beside its values
SHOWN_SIGNS = 80  # of a statement in a sentence
NO_TIME = "there was no time to plan them; the weekly report plans all"
FILLED_SHARE = 0.9  # of a B-tree's pages


@dataclass(slots=True)
class _Wanted:
    """An index, with all that would use it."""

    definition: IndexDefinition
    needs: list[Need] = field(default_factory=list)


async def missing_indexes(
    target: Target, asked: Iterable[Asked], able: Abilities, planning_seconds: float = math.inf
) -> Advised:
    """The indexes that these statements lack; nothing is run but EXPLAIN.

    Args:
        planning_seconds: within which statements are planned, the dearest first: a page waits for it, and a plan
            takes a dozen round trips to a server that may be far away.

    Raises:
        DatabaseDown: the server is away.
    """
    statements = sorted(asked, key=lambda one: -one.total_seconds)
    plans, unexplained = await _plans(target, statements, monotonic() + planning_seconds)
    known = await _tables(target, [plan for _, plan in plans])
    wanted: list[Need] = []
    refused: list[Refused] = []
    for statement, plan in plans:
        needed, not_worth_it = needs(statement, plan, known)
        wanted += needed
        refused += not_worth_it
    checked = [await _checked(target, one, able) for one in merged(wanted)]
    advice = [one for one in checked if one is not None]
    seconds = sum(one.total_seconds for one in statements)
    seen = sum(one.total_seconds for one, _ in plans)
    return Advised(
        tuple(sorted(advice, key=lambda one: -one.total_seconds)),
        tuple(refused),
        tuple(unexplained),
        explained=len(plans),
        coverage_percent=100 * seen / seconds if seconds else 100.0,
    )


async def _plans(
    target: Target, statements: Sequence[Asked], until: float
) -> tuple[list[tuple[Asked, Plan]], list[Unexplained]]:
    """Those that were made until then (seconds of `monotonic`), and why there are no others; a COPY or a LISTEN never
    has one, and asks for no index."""
    found, unexplained = [], []
    async with question(target) as session:
        await session.value("advice.usual_search_path", also=None)
        for number, one in enumerate(statements):
            if monotonic() >= until:
                unexplained.append(Unexplained(f"{len(statements) - number:,} more", NO_TIME))
                break
            try:
                found.append((one, await generic_plan(session.connection, one.text)))
            except NotExplained as exc:
                if str(exc) != UNEXPLAINABLE:
                    unexplained.append(Unexplained(one.statement, str(exc)))
    return found, unexplained


async def _tables(target: Target, plans: Sequence[Plan]) -> dict[Key, Table]:
    """What plans read, of what is judged."""
    keys = {(scan.schema, scan.table) for plan in plans for scan in scans(plan)}
    judged = {key for key in keys if key[0] not in NOT_ADVISED and target.schema in (None, key[0])}
    async with question(target) as session:
        return await tables(session, judged)


def merged(wanted: Iterable[Need]) -> list[_Wanted]:
    """One index for several statements, where one is the leading part of another."""
    found: list[_Wanted] = []
    for need in sorted(wanted, key=lambda one: (-len(one.choice.columns), not one.choice.is_ordered)):
        for one in found:
            if need.is_met_by(one.definition):
                one.needs.append(need)
                break
        else:
            found.append(_Wanted(need.definition, [need]))
    return found


async def _checked(target: Target, wanted: _Wanted, able: Abilities) -> IndexAdvice | None:
    """The advice, unless PostgreSQL would not use the index or gain too little by it."""
    definition = wanted.definition
    async with question(target) as session:
        parts = await parts_of(session, definition.schema, definition.table)
        if HYPOTHETICAL in able.extensions:
            await session.value("advice.usual_search_path", also=able.schemas[HYPOTHETICAL])
            served = await _served_by_imagined(session, wanted, parts)
        else:
            needed = _each_once(wanted.needs)
            served = [_served(one, None) for one in needed if one.cost_guessed * CHEAPER_BY <= one.cost]
    if not served:
        return None
    served.sort(key=lambda one: -one.asked.total_seconds)
    return IndexAdvice(
        definition,
        as_text(list(definition.statements(parts))),
        as_text([definition.undo(parts)]),
        _reason(definition, served),
        tuple(served),
        _size_bytes(definition, wanted.needs[0].table),
        "hypopg" if HYPOTHETICAL in able.extensions else "estimate",
    )


async def _served_by_imagined(session: Session, wanted: _Wanted, parts: Sequence[Part]) -> list[Served]:
    """The statements that would use it and become cheaper."""
    served = []
    async with imagined(session, wanted.definition, parts) as names:
        for need in _each_once(wanted.needs):
            try:
                plan = await generic_plan(session.connection, need.asked.text)
            except NotExplained:  # it could be a moment ago: a table has gone meanwhile
                continue
            if names & indexes_used(plan) and total_cost(plan) * CHEAPER_BY <= need.cost:
                served.append(_served(need, total_cost(plan)))
    return served


def _each_once(wanted: Iterable[Need]) -> list[Need]:
    """A statement that reads a table in several places counts once, where it reads most."""
    found: dict[str, Need] = {}
    for need in sorted(wanted, key=lambda one: -one.rows_before):
        found.setdefault(need.asked.text, need)
    return list(found.values())


def _served(need: Need, cost_after: float | None) -> Served:
    return Served(need.asked, need.cost, cost_after, need.rows_before, need.rows_after)


def _reason(definition: IndexDefinition, served: Sequence[Served]) -> str:
    first, *more = served
    who = _short(first.asked.statement)
    if more:
        who += f" and {len(more)} more {'statement' if len(more) == 1 else 'statements'}"
    rows = f"some {first.rows_before:,.0f} rows of {definition.table}"
    columns = ", ".join(str(column) for column in definition.columns)
    return (
        f"{who} {'read' if more else 'reads'} {rows} each time, "
        f"of which an index on {columns} would leave some {first.rows_after:,.0f}."
    )


def _short(statement: str) -> str:
    folded = " ".join(statement.split())
    return folded if len(folded) <= SHOWN_SIGNS else f"{folded[: SHOWN_SIGNS - 1]}…"


def _size_bytes(definition: IndexDefinition, table: Table) -> int:
    width = sum(table.columns[column.name].width_bytes for column in definition.columns)
    return int(table.whole_rows * (-(-width // 8) * 8 + ENTRY_BYTES) / FILLED_SHARE)
