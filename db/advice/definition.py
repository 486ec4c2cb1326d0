"""An index as we would make it, and the statements that make it: composed here, and nowhere else."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from psycopg import sql
from psycopg.rows import DictRow

from db.advice.statistics import Index
from db.database import Session

NAME_BYTES = 63  # of an identifier, at most
DIGEST_SIGNS = 8


@dataclass(frozen=True, slots=True)
class IndexColumn:
    """A column of an index, with its direction."""

    name: str
    descending: bool = False
    nulls_first: bool = False

    @property
    def sql(self) -> sql.Composable:
        direction = " DESC" if self.descending else ""
        if self.nulls_first != self.descending:  # else it is the default
            direction += f" NULLS {'FIRST' if self.nulls_first else 'LAST'}"
        return sql.SQL("{}{}").format(sql.Identifier(self.name), sql.SQL(direction))

    @property
    def words(self) -> str:
        """The column in the name of an index."""
        nulls = (
            f"_nulls_{'first' if self.nulls_first else 'last'}" if self.nulls_first != self.descending else ""
        )
        return f"{self.name}{'_desc' if self.descending else ''}{nulls}"

    def __str__(self) -> str:
        return f"{self.name} descending" if self.descending else self.name


@dataclass(frozen=True, slots=True)
class Part:
    """A table, or one of those that a partitioned table consists of; `parent` is None for the whole."""

    schema: str
    table: str
    is_partitioned: bool = False
    parent: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class IndexDefinition:
    """A B-tree on columns of one table."""

    schema: str
    table: str
    columns: tuple[IndexColumn, ...]

    @property
    def name(self) -> str:
        """The same for the same columns; cut where it would be too long, and told apart by a digest then."""
        return self.name_on(self.table)

    def name_on(self, table: str) -> str:
        """What it is called on a partition."""
        whole = f"{table}_by_{'_'.join(column.words for column in self.columns)}"
        if len(whole.encode()) <= NAME_BYTES:
            return whole
        digest = hashlib.sha256(whole.encode()).hexdigest()[:DIGEST_SIGNS]
        kept = whole.encode()[: NAME_BYTES - DIGEST_SIGNS - 1].decode(errors="ignore")
        return f"{kept}_{digest}"

    def as_index(self) -> Index:
        """As if it were there."""
        return Index(
            self.name,
            "btree",
            [column.name for column in self.columns],
            [column.descending for column in self.columns],
            [column.nulls_first for column in self.columns],
            predicate=None,
        )

    def create(self, part: Part, concurrently: bool = True) -> sql.Composed:
        """The statement for one table; of a partitioned one only for itself, for it has no rows."""
        how = (
            "CREATE INDEX {} ON ONLY {} ({})"
            if part.is_partitioned
            else "CREATE INDEX CONCURRENTLY {} ON {} ({})"
        )
        if not concurrently:
            how = "CREATE INDEX {} ON {} ({})"
        return sql.SQL(how).format(
            sql.Identifier(self.name_on(part.table)),
            sql.Identifier(part.schema, part.table),
            sql.SQL(", ").join(column.sql for column in self.columns),
        )

    def statements(self, parts: Sequence[Part]) -> Iterator[sql.Composed]:
        """All that have to run, in their order.

        CREATE INDEX CONCURRENTLY does not know partitioned tables: the index on the whole begins empty, each
        partition gets its own without holding anybody up, and they are attached to it. With the last it is valid.
        """
        for part in parts:
            yield self.create(part)
        by_key = {(part.schema, part.table): part for part in parts}
        for part in reversed(parts):
            if part.parent is not None and part.parent in by_key:
                yield self._attach(part, by_key[part.parent])

    def _attach(self, part: Part, parent: Part) -> sql.Composed:
        return sql.SQL("ALTER INDEX {} ATTACH PARTITION {}").format(
            sql.Identifier(parent.schema, self.name_on(parent.table)),
            sql.Identifier(part.schema, self.name_on(part.table)),
        )

    def undo(self, parts: Sequence[Part]) -> sql.Composed:
        """The statement that takes it back; that of a partitioned table takes all attached ones with it."""
        return drop(self.schema, self.name, concurrently=not any(part.is_partitioned for part in parts))


def drop(schema: str, name: str, concurrently: bool = True) -> sql.Composed:
    """The statement that drops an index."""
    how = "DROP INDEX CONCURRENTLY {}" if concurrently else "DROP INDEX {}"
    return sql.SQL(how).format(sql.Identifier(schema, name))


async def parts_of(session: Session, schema: str, table: str) -> list[Part]:
    """The table and, where it is partitioned, its partitions of every level; empty when there is none."""
    return [_part(row) for row in await session.rows("advice.partitions", schema=schema, table=table)]


def _part(row: DictRow) -> Part:
    parent = (row["parent_schema"], row["parent_table"]) if row["parent_table"] is not None else None
    return Part(row["schema"], row["table"], row["is_partitioned"], parent)


def as_text(statements: Sequence[sql.Composed]) -> str:
    """For people: one statement a line."""
    return ";\n".join(statement.as_string() for statement in statements)
