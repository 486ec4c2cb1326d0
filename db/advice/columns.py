"""Which columns an index should have: PgHero's rule for one table, with joins and ranges where the plan says so.

The rule (https://github.com/ankane/pghero, guides/Suggested-Indexes.md): of the columns that are compared for
equality, the most selective first by `pg_stats`, until some fifty rows are left; then those that rows are sorted by.
Where nothing is sorted, one range comes last instead, as more than one cannot narrow a B-tree.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from db.advice.conditions import Condition, parts, plain
from db.advice.definition import IndexColumn
from db.advice.scans import Scan
from db.advice.statistics import HALF_OPEN_SHARE, RANGE_SHARE, Column, Index, Table

SELECTIVE_ROWS = 50  # so few that another column would change nothing
USELESS_SHARE = 0.9  # a column that leaves more of the rows is left out
WIDE_COLUMN_BYTES = 256  # in the mean; a B-tree's entry must be under 2,700 bytes
EQUAL = ("equal", "any", "null")


@dataclass(frozen=True, slots=True)
class Choice:
    """Columns for one scan, and how many rows it would read with an index on them, in one execution."""

    columns: tuple[IndexColumn, ...]
    compared: int
    """how many of the columns are compared for equality: their order among themselves does not matter"""
    is_ordered: bool
    """whether the direction of the other columns matters"""
    lookups: float
    """how often the index would be asked"""
    rows_after: float

    def is_covered_by(self, index: Index, texts: frozenset[str]) -> bool:
        """Whether there is no need for it, given the conditions of the statement."""
        if not _is_implied(index.predicate, texts):
            return False
        names = [column.name for column in self.columns]
        if index.method == "hash":
            return list(index.columns) == names and self.compared == 1
        theirs = list(index.columns[: len(names)])
        if (
            set(theirs[: self.compared]) != set(names[: self.compared])
            or theirs[self.compared :] != names[self.compared :]
        ):
            return False
        return not self.is_ordered or self._is_in_order_of(index)

    def _is_in_order_of(self, index: Index) -> bool:
        """A B-tree can be read backwards too."""
        rest = range(self.compared, len(self.columns))
        ours = [(self.columns[at].descending, self.columns[at].nulls_first) for at in rest]
        theirs = [(index.descending[at], index.nulls_first[at]) for at in rest]
        return ours in (theirs, [(not descending, not first) for descending, first in theirs])


def rows_read(scan: Scan, table: Table) -> float:
    """How many rows a scan reads in one execution of its statement, as far as statistics tell."""
    left = table.rows
    for column, conditions in _by_column(scan.served, table):
        left *= _share(scan, table, column, conditions)
    return max(left * scan.loops * scan.share, 1.0)


def choices(scan: Scan, table: Table) -> list[Choice]:
    """What could be indexed for a scan, the one that leaves the fewest rows first."""
    found = [_choice(scan, table, scan.conditions, scan.loops)]
    if scan.joined:
        times = max(scan.loops, scan.joined_rows)
        found.append(_choice(scan, table, (*scan.conditions, *scan.joined), times))
    return sorted((one for one in found if one is not None), key=lambda one: one.rows_after)


def _choice(scan: Scan, table: Table, conditions: Sequence[Condition], times: float) -> Choice | None:
    picked, left, is_one_value = _equal_columns(scan, table, conditions)
    columns, is_ordered = list(picked), False
    if left > SELECTIVE_ROWS:
        order = _order_columns(scan, table, picked) if is_one_value and times == scan.loops else []
        if order and scan.limit_rows is not None:
            columns, is_ordered = [*picked, *order], True
            left = _rows_until_limit(scan, left)
        elif (narrowest := _range_column(scan, table, conditions, picked)) is not None:
            name, share = narrowest
            columns, left = [*picked, IndexColumn(name)], left * share
    if not columns:
        return None
    return Choice(tuple(columns), len(picked), is_ordered, times, max(left * times, 1.0))


def _equal_columns(
    scan: Scan, table: Table, conditions: Sequence[Condition]
) -> tuple[list[IndexColumn], float, bool]:
    """(columns, rows left, whether each has one value only, so that what follows comes sorted)."""
    shares = []
    for column, about in _by_column(conditions, table):
        if equal := [one for one in about if one.kind in EQUAL]:
            best = min(equal, key=column.share)
            shares.append((column.share(best), column.name, best))
    picked, left, is_one_value = [], table.rows, True
    for share, name, condition in sorted(shares, key=lambda one: one[:2]):
        if left <= SELECTIVE_ROWS or share > USELESS_SHARE:
            break
        picked.append(IndexColumn(name))
        left *= share
        is_one_value = is_one_value and condition.kind != "any"
    return picked, left, is_one_value


def _order_columns(scan: Scan, table: Table, picked: Sequence[IndexColumn]) -> list[IndexColumn]:
    """The columns that rows are sorted by but those of a single value; none where one cannot be indexed."""
    fixed = {column.name for column in picked}
    found = []
    for key in scan.order:
        column = table.columns.get(key.column)
        if column is None or not _can_be_indexed(column):
            return []
        if key.column not in fixed:
            found.append(IndexColumn(key.column, key.descending, key.nulls_first))
            if column.distinct * SELECTIVE_ROWS >= table.rows:
                break  # so few rows have the same value that what they are sorted by then hardly matters
    return found


def _rows_until_limit(scan: Scan, left: float) -> float:
    """How many rows are read in order until enough of them fulfil the other conditions."""
    assert scan.limit_rows is not None
    return min(left, scan.limit_rows * max(left / max(scan.rows, 1.0), 1.0))


def _range_column(
    scan: Scan, table: Table, conditions: Sequence[Condition], picked: Sequence[IndexColumn]
) -> tuple[str, float] | None:
    """The range that leaves the smallest share of the rows, with that share."""
    taken = {column.name for column in picked}
    shares = [
        (_range_share(scan, table, column, about), column.name)
        for column, about in _by_column(conditions, table)
        if column.name not in taken and all(one.kind not in EQUAL for one in about)
    ]
    share, name = min(shares, default=(1.0, ""))
    return (name, share) if share <= USELESS_SHARE else None


def _share(scan: Scan, table: Table, column: Column, about: Sequence[Condition]) -> float:
    """Which share of the rows all conditions on a column leave."""
    equal = [column.share(one) for one in about if one.kind in EQUAL]
    return min(equal) if equal else _range_share(scan, table, column, about)


def _range_share(scan: Scan, table: Table, column: Column, about: Sequence[Condition]) -> float:
    limits = {one.kind for one in about} & {"above", "below"}
    if not limits:
        return column.share(about[0])
    if all(one.is_known for one in about):
        return _known_share(scan, table, column)
    return RANGE_SHARE if len(limits) == 2 else HALF_OPEN_SHARE


def _known_share(scan: Scan, table: Table, column: Column) -> float:
    """PostgreSQL's own estimate of a range whose limits it knows, if nothing that we do not know is in it."""
    others = [(other, about) for other, about in _by_column(scan.conditions, table) if other != column]
    if not scan.is_all_understood or any(
        {one.kind for one in about} & {"above", "below"} for _, about in others
    ):
        return HALF_OPEN_SHARE
    left = table.rows
    for other, about in others:
        left *= _share(scan, table, other, about)
    return min(1.0, scan.rows / max(left, 1.0))


def _by_column(conditions: Iterable[Condition], table: Table) -> Iterator[tuple[Column, list[Condition]]]:
    """The conditions that an index could serve, by column."""
    found: dict[str, list[Condition]] = {}
    for one in conditions:
        column = table.columns.get(one.column)
        if _can_be_indexed(column) and _keeps_value(one, column):
            found.setdefault(one.column, []).append(one)
    for name, about in found.items():
        yield table.columns[name], about


def _can_be_indexed(column: Column | None) -> bool:
    """Not one that was never analyzed: what an index would leave of its values could only be made up."""
    return (
        column is not None
        and column.is_analyzed
        and column.is_sortable
        and column.width_bytes <= WIDE_COLUMN_BYTES
    )


def _keeps_value(condition: Condition, column: Column | None) -> bool:
    """PostgreSQL compares character varying as text, which changes nothing."""
    return condition.cast is None or (
        condition.cast == "text" and column is not None and column.type.startswith("character varying")
    )


def _is_implied(predicate: str | None, texts: frozenset[str]) -> bool:
    """Whether a partial index has all rows that a statement asks for: each part of its predicate is asked for too."""
    return predicate is None or all(plain(part) in texts for part in parts(predicate))
