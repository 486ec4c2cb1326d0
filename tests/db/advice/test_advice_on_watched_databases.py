from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest

from db.advice import changes
from db.advice.apply import apply_wanted
from db.advice.changes import undo, want
from db.advice.definition import NAME_BYTES, IndexColumn, IndexDefinition
from db.database import Database
from db.diagnosis.target import Target, WatchedDatabase
from db.measure import QueryRecorder
from tests.db.advice.asking import advised, the_advice
from tests.servers import a_database_on
from tests.stored import sql

SHOP = """
    CREATE SCHEMA shop;
    CREATE TABLE shop.orders (id bigint PRIMARY KEY, status varchar(20), customer integer, "placed At" timestamptz,
                              note text, place point, payload jsonb);
    INSERT INTO shop.orders
    SELECT i, CASE WHEN i % 500 = 0 THEN 'open' ELSE 'paid' END, i % 9000, now() - i * interval '1 minute', '', NULL,
        '{}'
    FROM generate_series(1, 60000) AS i;
    CREATE TABLE "the ""table" (id integer, "a, b" integer);
    INSERT INTO "the ""table" SELECT i, i FROM generate_series(1, 60000) AS i;
    CREATE VIEW paid AS SELECT * FROM shop.orders WHERE status = 'paid';
    CREATE TABLE visits (at date NOT NULL, visitor integer) PARTITION BY RANGE (at);
    CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')
        PARTITION BY LIST (visitor);
    CREATE TABLE visits_1_few PARTITION OF visits_1 FOR VALUES IN (1, 2);
    CREATE TABLE visits_1_rest PARTITION OF visits_1 DEFAULT;
    CREATE TABLE visits_2 PARTITION OF visits FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
    INSERT INTO visits SELECT date '2026-01-01' + i % 59, i % 20000 FROM generate_series(1, 60000) AS i;
    ANALYZE;
"""


@asynccontextmanager
async def shop_in(database: str) -> AsyncIterator[Target]:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(SHOP)
    db = WatchedDatabase(database, QueryRecorder(slow_query_ms=1e6))
    await db.open()
    yield Target("shop@localhost", db, None)
    await db.close()


@pytest.fixture
async def shop(any_database: str) -> AsyncIterator[Target]:
    """Somebody else's database, on each PostgreSQL in turn."""
    async with shop_in(any_database) as found:
        yield found


async def test_every_schema_is_looked_at(shop: Target) -> None:
    advice = await the_advice(shop, "SELECT FROM shop.orders WHERE customer = $1")
    assert advice.sql == 'CREATE INDEX CONCURRENTLY "orders_by_customer" ON "shop"."orders" ("customer")'


async def test_a_value_that_is_rare_is_worth_an_index_and_one_that_is_common_is_not(shop: Target) -> None:
    assert (await the_advice(shop, "SELECT FROM shop.orders WHERE status = 'open'")).columns == ("status",)
    assert (await advised(shop, "SELECT FROM shop.orders WHERE status = 'paid'")).advice == ()


async def test_a_table_behind_a_view_is_found(shop: Target) -> None:
    assert (await the_advice(shop, "SELECT FROM paid WHERE customer = $1")).table == "shop.orders"


@pytest.mark.parametrize(
    "condition", ["place ~= $1", "payload @> $1", "note LIKE $1", "payload = $1 AND false"]
)
async def test_what_a_b_tree_does_not_serve_is_left_alone(shop: Target, condition: str) -> None:
    assert (await advised(shop, f"SELECT FROM shop.orders WHERE {condition}")).advice == ()


async def test_names_that_are_no_words_are_quoted(shop: Target, db: Database) -> None:
    advice = await the_advice(shop, 'SELECT FROM "the ""table" WHERE "a, b" = $1')
    assert advice.sql == (
        'CREATE INDEX CONCURRENTLY "the ""table_by_a, b" ON "public"."the ""table" ("a, b")'
    )
    await want(db, shop, advice, "a test")
    await apply_wanted(db, shop, "me")
    assert [(one.state, one.error) for one in await changes.changes(db)] == [("done", None)]


async def test_partitions_of_partitions_get_their_index_and_give_it_back(shop: Target, db: Database) -> None:
    text = "SELECT FROM visits WHERE visitor = $1"
    advice = await the_advice(shop, text)
    assert advice.table == "public.visits"
    made = await want(db, shop, advice, "a test")
    await apply_wanted(db, shop, "me")
    assert [(one.state, one.error) for one in await changes.changes(db)] == [("done", None)]
    invalid = "SELECT FROM pg_index WHERE NOT indisvalid"
    assert await sql(shop.db, invalid) == []
    assert (await advised(shop, text)).advice == ()
    await undo(db, shop, made, "a test")
    await apply_wanted(db, shop, "me")
    assert await sql(shop.db, "SELECT 1 FROM pg_indexes WHERE indexname LIKE '%by_visitor'") == []


async def test_what_pg_stat_statements_tells_can_be_asked(postgres_15_extended: str) -> None:
    with a_database_on(postgres_15_extended) as database:
        async with shop_in(database) as shop:
            with psycopg.connect(database, autocommit=True) as connection:
                connection.execute("SELECT note FROM shop.orders WHERE customer = 17 ORDER BY id LIMIT 5")
                connection.execute(
                    "SELECT note FROM shop.orders WHERE customer = 3 AND \"placed At\" > now() - interval '1 day'"
                )
            texts = await sql(
                shop.db,
                "SELECT query FROM pg_stat_statements WHERE query LIKE 'SELECT note FROM shop.orders%'",
            )
            advice = await the_advice(shop, *(text for (text,) in texts))
            assert advice.columns == ("customer",)
            assert len(advice.statements) == 2


def test_a_long_name_is_cut_and_told_apart() -> None:
    columns = tuple(IndexColumn(f"a_rather_long_column_{number}") for number in range(5))
    long, other = IndexDefinition("s", "t", columns), IndexDefinition("s", "t", columns[:-1])
    assert len(long.name) == len(other.name) == NAME_BYTES
    assert long.name != other.name
    assert long.name == IndexDefinition("s", "t", columns).name


def test_the_direction_and_the_place_of_nulls_are_kept() -> None:
    columns = (IndexColumn("a", True, True), IndexColumn("b", True, False), IndexColumn("c", False, True))
    assert IndexDefinition("s", "t", columns).name == "t_by_a_desc_b_desc_nulls_last_c_nulls_first"
    assert [column.sql.as_string() for column in columns] == [
        '"a" DESC',
        '"b" DESC NULLS LAST',
        '"c" NULLS FIRST',
    ]
