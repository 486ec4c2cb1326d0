"""Short ways to put records into a test's database and to look at what is there."""

from datetime import datetime
from typing import Any, LiteralString

from psycopg import sql as sql_text
from psycopg.rows import DictRow, dict_row

from collectors.records import Post, Subreddit
from db import posts, subreddits
from db.database import Database
from db.partitions import PARTITIONED, Partitioned


async def keep(db: Database, *records: Subreddit) -> int:
    """Merge communities in a transaction of their own; how many were new."""
    async with db.transaction() as session:
        return await subreddits.merge(session, records)


async def keep_posts(db: Database, *records: Post) -> int:
    """Merge posts in a transaction of their own; how many were new."""
    async with db.transaction() as session:
        return await posts.merge(session, records)


async def sql(db: Database, text: LiteralString, *params: Any) -> list[tuple[Any, ...]]:
    """Rows of a statement that only a test needs."""
    async with db.connection() as connection:
        cursor = await connection.execute(text, params or None)
        return await cursor.fetchall() if cursor.description else []


def partitioned(table: str) -> Partitioned:
    return next(one for one in PARTITIONED if one.table == table)


async def partition(db: Database, table: str, since: datetime, until: datetime) -> None:
    """A partition as if time had passed since it was made."""
    name = sql_text.Identifier(partitioned(table).name(since))
    statement = sql_text.SQL("CREATE TABLE {} PARTITION OF {} FOR VALUES FROM ({}) TO ({})").format(
        name, sql_text.Identifier(table), sql_text.Literal(since), sql_text.Literal(until)
    )
    async with db.connection() as connection:
        await connection.execute(statement)


async def transitions(db: Database) -> list[DictRow]:
    """Every transition of every alert, newest first."""
    async with db.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute("SELECT * FROM alert_transitions ORDER BY id DESC")
        return await cursor.fetchall()
