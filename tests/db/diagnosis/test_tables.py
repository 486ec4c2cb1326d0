import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from db.diagnosis import tables
from db.diagnosis.tables import Upkeep, judged, overdue_vacuum, stale_statistics
from db.diagnosis.target import Target
from tests.db.diagnosis.others import run

LATER = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
async def shop(theirs: Target) -> Target:
    """Two tables, of which autovacuum leaves one alone; nothing is analyzed."""
    await run(
        theirs,
        "CREATE TABLE sales (id int PRIMARY KEY, note text) WITH (autovacuum_enabled = off)",
        "INSERT INTO sales SELECT n, 'note ' || n FROM generate_series(1, 20000) AS n",
        "CREATE TABLE visits (at int NOT NULL, page int) PARTITION BY RANGE (at)",
        "CREATE TABLE visits_0 PARTITION OF visits FOR VALUES FROM (0) TO (1000)",
        "CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM (1000) TO (20000)",
        "ALTER TABLE visits_0 SET (autovacuum_enabled = off, autovacuum_vacuum_threshold = 7, "
        "autovacuum_vacuum_scale_factor = 0, autovacuum_analyze_threshold = 8, autovacuum_analyze_scale_factor = 0)",
        "ALTER TABLE visits_1 SET (autovacuum_enabled = off)",
        "CREATE INDEX ON visits (page)",
        "INSERT INTO visits SELECT n, n FROM generate_series(0, 19999) AS n",
        "SELECT pg_stat_force_next_flush()",
        "SELECT 1",
    )
    return theirs


async def upkeep(target: Target) -> dict[str, Upkeep]:
    await run(target, "SELECT pg_stat_force_next_flush()", "SELECT 1")
    found = await tables.upkeep(target)
    assert isinstance(found, list)
    return {one.table: one for one in found}


async def test_sizes_are_of_a_table_with_all_that_belongs_to_it(shop: Target) -> None:
    await run(
        shop,
        "CREATE TABLE papers (id int, text text)",
        "ALTER TABLE papers ALTER COLUMN text SET STORAGE EXTERNAL",
        "INSERT INTO papers VALUES (1, repeat('a', 100000))",
        "ANALYZE",
    )
    found = await tables.sizes(shop)
    assert isinstance(found, list)
    by_name = {one.table: one for one in found}
    assert set(by_name) == {"public.sales", "public.visits", "public.papers"}
    for one in found:
        assert one.bytes == one.row_bytes + one.toast_bytes + one.index_bytes
    sales, visits, papers = (by_name[f"public.{name}"] for name in ("sales", "visits", "papers"))
    assert (sales.partitions, visits.partitions) == (0, 2)
    assert sales.rows == visits.rows == 20000
    assert visits.index_bytes > 200_000
    assert papers.toast_bytes > 100_000 > papers.row_bytes


async def test_rows_of_a_table_that_was_never_analyzed_are_those_that_were_counted(shop: Target) -> None:
    await run(shop, "CREATE TABLE papers (id int)", "INSERT INTO papers SELECT generate_series(1, 30)")
    await run(shop, "SELECT pg_stat_force_next_flush()")
    found = await tables.sizes(shop)
    assert isinstance(found, list)
    assert next(one.rows for one in found if one.table == "public.papers") == 30


async def test_a_table_whose_dead_rows_pile_up_is_found(shop: Target) -> None:
    await run(shop, "ANALYZE", "UPDATE sales SET note = ''", "UPDATE sales SET note = 'x' WHERE id < 5000")
    found = await upkeep(shop)
    assert found["public.sales"].dead_rows_due == 50 + 0.2 * 20000
    assert not found["public.sales"].by_itself
    (one,) = overdue_vacuum(list(found.values()), LATER)
    assert (one.table, one.dead_rows) == ("public.sales", 24999)
    finding = next(each for each in judged(list(found.values()), LATER) if each.title == "Dead rows")
    assert (finding.severity, finding.remedy_sql) == ("bad", "VACUUM (ANALYZE) public.sales")
    assert "Autovacuum is off for it" in finding.sentence
    await run(shop, finding.remedy_sql or "")
    assert overdue_vacuum(list((await upkeep(shop)).values()), LATER) == []


async def test_a_tables_own_thresholds_hold(shop: Target) -> None:
    found = await upkeep(shop)
    assert (found["public.visits_0"].dead_rows_due, found["public.visits_0"].changed_rows_due) == (7, 8)
    assert (found["public.visits_1"].dead_rows_due, found["public.visits_1"].changed_rows_due) == (50, 50)
    assert found["public.visits_0"].root == "public.visits"


async def test_few_dead_rows_a_running_vacuum_and_one_just_ended_are_no_matter(shop: Target) -> None:
    await run(shop, "UPDATE sales SET note = ''")
    one = (await upkeep(shop))["public.sales"]
    assert overdue_vacuum([one], LATER) == [one]
    for changed in (
        {"dead_rows": 9_999},
        {"dead_rows_due": 15_000.0},
        {"being_vacuumed": True},
        {"vacuumed_at": LATER - timedelta(minutes=9)},
    ):
        assert overdue_vacuum([dataclasses.replace(one, **changed)], LATER) == []  # type: ignore[arg-type]


async def test_a_table_without_statistics_is_found_and_so_is_one_of_partitions(shop: Target) -> None:
    found = list((await upkeep(shop)).values())
    assert {one.table for one in stale_statistics(found, LATER)} == {
        "public.sales",
        "public.visits",
        "public.visits_1",
    }
    findings = {one.remedy_sql: one for one in judged(found, LATER) if one.title == "Stale statistics"}
    assert "of a table with partitions PostgreSQL makes none" in findings["ANALYZE public.visits"].sentence
    await run(shop, *(remedy for remedy in findings if remedy))
    assert stale_statistics(list((await upkeep(shop)).values()), LATER) == []


async def test_a_server_that_has_just_started_has_had_no_time_to_make_statistics(shop: Target) -> None:
    found = list((await upkeep(shop)).values())
    started_at = found[0].server_started_at
    assert stale_statistics(found, started_at + timedelta(minutes=9)) == []
    assert len(stale_statistics(found, started_at + timedelta(minutes=11))) == 3


async def test_statistics_of_rows_that_have_changed_since_are_stale(shop: Target) -> None:
    await run(shop, "ANALYZE", "UPDATE sales SET note = ''")
    found = list((await upkeep(shop)).values())
    assert stale_statistics(found) == [], "autovacuum gets its ten minutes"
    (one,) = stale_statistics(found, LATER)
    assert (one.table, one.changed_rows, one.changed_rows_due) == ("public.sales", 20000, 2050)
    (finding,) = (each for each in judged(found, LATER) if each.title == "Stale statistics")
    assert finding.remedy_sql == "ANALYZE public.sales"
