"""Which readings of a plan an index would spare, and which it would not, with the reason."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from db.advice.advice import Refused
from db.advice.asked import Asked
from db.advice.columns import Choice, choices, rows_read
from db.advice.definition import IndexDefinition
from db.advice.scans import Scan, scans, total_cost
from db.advice.statistics import Key, Table
from db.generic_plans import Plan

SMALL_TABLE_ROWS = 10_000  # a table below it is read in a millisecond or two
FILTERED_ROWS = (
    1_000  # found through an index and dropped again; each costs about as much as ten read in a row
)
LARGE_SHARE = 0.1  # of the rows that are read: an index that leaves more is not worth it
CHEAPER_BY = 1.5  # how many times a statement must become cheaper
WRITE_IN_ROWS = 100  # what entering a row into an index costs, in rows read


RANDOM_PAGE, NEXT_PAGE, ROW, DESCENT = (
    4.0,
    1.0,
    0.02,
    0.3,
)  # what PostgreSQL takes them to cost where it is not told


@dataclass(frozen=True, slots=True)
class Need:
    """A statement that would be served by an index.

    Attributes:
        cost: of its plan.
        cost_guessed: what it would cost then, for where PostgreSQL cannot be asked.
    """

    asked: Asked
    cost: float
    table: Table
    choice: Choice
    cost_guessed: float
    rows_before: float
    rows_after: float

    @property
    def definition(self) -> IndexDefinition:
        return IndexDefinition(*self.table.whole, self.choice.columns)

    def is_met_by(self, definition: IndexDefinition) -> bool:
        """Whether another index would do as well."""
        is_same_table = (definition.schema, definition.table) == self.table.whole
        return is_same_table and self.choice.is_covered_by(definition.as_index(), frozenset())


def needs(asked: Asked, plan: Plan, tables: Mapping[Key, Table]) -> tuple[list[Need], list[Refused]]:
    """What an index would spare a statement, and what comes to mind and is not worth it."""
    wanted: list[Need] = []
    refused: list[Refused] = []
    for together in _by_whole(scans(plan), tables):
        found = _need(asked, total_cost(plan), together)
        if isinstance(found, Need):
            wanted.append(found)
        elif found is not None:
            refused.append(found)
    return wanted, refused


def _by_whole(found: Iterable[Scan], tables: Mapping[Key, Table]) -> list[list[tuple[Scan, Table]]]:
    """Readings of the same table in the same place, all partitions together, the largest first."""
    together: dict[tuple[Key, str], list[tuple[Scan, Table]]] = {}
    for scan in found:
        table = tables.get((scan.schema, scan.table))
        if table is not None:
            is_partition = table.key != table.whole
            place = scan.alias.rpartition("_")[0] if is_partition else scan.alias
            together.setdefault((table.whole, place), []).append((scan, table))
    return [sorted(one, key=lambda each: -each[1].rows) for one in together.values()]


def _need(asked: Asked, cost: float, together: Sequence[tuple[Scan, Table]]) -> Need | Refused | None:
    scan, table = together[0]
    before = sum(rows_read(*one) for one in together)
    spared = max(sum(one.cost for one, _ in together), scan.ordered_cost if scan.order else 0)
    if not _is_dear(scan, table, before) or spared < (1 - 1 / CHEAPER_BY) * cost:
        return None
    found = choices(scan, table)
    if not found or any(found[0].is_covered_by(index, scan.texts) for index in table.indexes):
        return None
    choice = found[0]
    guessed = cost - spared + reading_cost(choice, table) * len(together)
    need = Need(asked, cost, table, choice, guessed, before, choice.rows_after * len(together))
    why_not = _why_not(need)
    return need if why_not is None else Refused(need.definition, asked.statement, why_not)


def reading_cost(choice: Choice, table: Table) -> float:
    """What reading through an index costs, by PostgreSQL's own formula, with its rows anywhere in the table.

    Pages by Mackert and Lohman; several of one lookup are read in their order, the cheaper the more they are.
    """
    rows, pages = choice.rows_after, max(table.pages, 1)
    fetched = min(2 * pages * rows / (2 * pages + rows), pages)
    page = RANDOM_PAGE
    if choice.lookups == 1 and not choice.is_ordered:
        page -= (RANDOM_PAGE - NEXT_PAGE) * sqrt(fetched / pages)
    return fetched * page + rows * ROW + choice.lookups * DESCENT


def _is_dear(scan: Scan, table: Table, before: float) -> bool:
    """Whether many rows are read for few. How many are read through a partial index, or by an expression, we cannot
    tell; somebody made it for a purpose."""
    if table.whole_rows < SMALL_TABLE_ROWS:
        return False
    if not scan.indexes:
        return before >= SMALL_TABLE_ROWS
    if not scan.is_served_understood or any(
        index.predicate is not None for index in table.indexes if index.index in scan.indexes
    ):
        return False
    wanted = scan.rows if not scan.order or scan.limit_rows is None else min(scan.rows, scan.limit_rows)
    given = wanted * scan.loops * scan.share
    return before >= FILTERED_ROWS and given <= LARGE_SHARE * rows_read(scan, table)


def _why_not(need: Need) -> str | None:
    """Why an index is not worth it; None when it is."""
    columns = " and ".join(column.name for column in need.choice.columns)
    table, share = need.table, need.rows_after / need.rows_before
    if share >= 1:
        return (
            f"Through an index on {columns} {need.asked.statement} would read no fewer rows of "
            f"{need.definition.table} than now."
        )
    if share > LARGE_SHARE:
        return (
            f"An index on {columns} would still leave {100 * share:.0f} % of the {need.rows_before:,.0f} rows of "
            f"{need.definition.table} that {need.asked.statement} reads; up to {100 * LARGE_SHARE:.0f} % is worth it."
        )
    if table.written * WRITE_IN_ROWS > table.read > 0:
        return (
            f"{need.definition.table} is written more than read: {table.written:,} rows written and replaced, "
            f"{table.read:,} read; entering one into an index costs about {WRITE_IN_ROWS} read."
        )
    return None
