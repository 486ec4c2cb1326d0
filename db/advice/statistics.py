"""What PostgreSQL knows of the tables that plans read: rows, columns, indexes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from psycopg.rows import DictRow

from db.advice.conditions import Condition
from db.database import Session

Key = tuple[str, str]
"""schema and table"""

HALF_OPEN_SHARE = 1 / 3  # of a column compared with a parameter, as PostgreSQL assumes
RANGE_SHARE = 0.005  # of one between two parameters, as PostgreSQL assumes
DEFAULT_DISTINCT = 200  # values of a column that was never analysed, as PostgreSQL assumes


@dataclass(frozen=True, slots=True)
class Column:
    """A column's values.

    Attributes:
        null_share: of its rows.
        distinct: how many different values there are.
        common: share of the rows by value, of the most common ones.
        width_bytes: of a value, in the mean.
        is_analyzed: whether PostgreSQL has looked at its values; else all of this is assumed.
    """

    name: str
    type: str
    is_sortable: bool
    null_share: float
    distinct: float
    common: Mapping[str, float]
    width_bytes: int
    is_analyzed: bool

    def share(self, condition: Condition) -> float:
        """Which share of the rows a condition other than a range leaves, 0 to 1."""
        if condition.kind == "null":
            return self.null_share
        if condition.kind == "not_null":
            return 1 - self.null_share
        if condition.literals is None:
            return min(1.0, self._mean_share() * condition.elements)
        return min(1.0, sum(self.common.get(one, self._rest_share()) for one in condition.literals))

    def _mean_share(self) -> float:
        return (1 - self.null_share) / max(self.distinct, 1)

    def _rest_share(self) -> float:
        """Of a value that is not among the most common."""
        rest = 1 - self.null_share - sum(self.common.values())
        return max(rest, 0.0) / max(self.distinct - len(self.common), 1)


@dataclass(frozen=True, slots=True)
class Index:
    """A valid index; `columns` has None for an expression."""

    index: str
    method: str
    columns: Sequence[str | None]
    descending: Sequence[bool]
    nulls_first: Sequence[bool]
    predicate: str | None


@dataclass(frozen=True, slots=True)
class Table:
    """A table that is read; the whole that it belongs to differs from it where it is a partition.

    Attributes:
        whole: schema and name of the partitioned table, or its own.
        rows: of this one.
        pages: of this one, 8 KiB each.
        whole_rows: of all partitions.
        written: rows that were written into the whole and are not there still.
        read: rows that were read of the whole, in the same time.
    """

    key: Key
    whole: Key
    rows: float
    pages: int
    whole_rows: float
    written: int
    read: int
    columns: Mapping[str, Column]
    indexes: Sequence[Index]


async def tables(session: Session, keys: Iterable[Key]) -> dict[Key, Table]:
    """What is known of ordinary tables and partitions; others, and temporary ones, are left out."""
    wanted = sorted(set(keys))
    params = {"schemas": [schema for schema, _ in wanted], "names": [name for _, name in wanted]}
    found = await session.rows("advice.tables", **params)
    rows = {(row["schema"], row["name"]): float(row["rows"]) for row in found}
    columns: dict[Key, dict[str, Column]] = {key: {} for key in rows}
    for row in await session.rows("advice.columns", **params):
        if (key := (row["schema"], row["name"])) in rows:
            columns[key][row["column"]] = _column(row, rows[key])
    indexes: dict[Key, list[Index]] = {key: [] for key in rows}
    for row in await session.rows("advice.indexes", **params):
        if (key := (row.pop("schema"), row.pop("name"))) in rows:
            indexes[key].append(Index(**row))
    return {key: _table(row, columns[key], indexes[key]) for row in found for key in [_key(row)]}


def _key(row: DictRow) -> Key:
    return row["schema"], row["name"]


def _table(row: DictRow, columns: Mapping[str, Column], indexes: Sequence[Index]) -> Table:
    return Table(
        key=_key(row),
        whole=(row["root_schema"], row["root_name"]),
        rows=float(row["rows"]),
        pages=row["pages"],
        whole_rows=float(row["root_rows"]),
        written=int(row["written"] or 0),
        read=int(row["read"] or 0),
        columns=columns,
        indexes=indexes,
    )


def _column(row: DictRow, rows: float) -> Column:
    distinct = row["n_distinct"]
    if distinct is None:
        distinct = min(DEFAULT_DISTINCT, rows)
    elif distinct < 0:  # a share of the rows, where it grows with them
        distinct = -distinct * rows
    common = zip(row["common"] or (), row["frequencies"] or (), strict=False)
    return Column(
        name=row["column"],
        type=row["type"],
        is_sortable=row["is_sortable"],
        null_share=row["null_frac"] or 0.0,
        distinct=max(float(distinct), 1.0),
        common={value: float(share) for value, share in common if value is not None},
        width_bytes=row["avg_width"] or 8,
        is_analyzed=row["null_frac"] is not None,
    )
