import pytest

from db.diagnosis import bloat
from db.diagnosis.bloat import Bloat, Bloated, judged
from db.diagnosis.target import Target
from tests.db.diagnosis.others import run


async def estimated(target: Target) -> tuple[dict[str, Bloat], dict[str, Bloat]]:
    found = await bloat.bloat(target)
    assert isinstance(found, Bloated)
    assert found.hidden == 0
    return {one.name: one for one in found.tables}, {one.name: one for one in found.indexes}


async def test_a_table_that_was_mostly_deleted_is_bloated_and_a_new_one_is_not(theirs: Target) -> None:
    await run(
        theirs,
        "CREATE TABLE sales (id int PRIMARY KEY, at timestamptz, shop int, note text) "
        "WITH (autovacuum_enabled = off)",
        "INSERT INTO sales SELECT n, now(), nullif(n % 9, 1), repeat('a', n % 90) "
        "FROM generate_series(1, 20000) AS n",
        "CREATE INDEX by_note ON sales (lower(note), id)",
        "ANALYZE sales",
    )
    tables, indexes = await estimated(theirs)
    assert tables["public.sales"].percent < 20
    assert indexes["public.sales_pkey"].percent < 10
    assert indexes["public.by_note"].percent < 20
    await run(theirs, "DELETE FROM sales WHERE id % 10 > 0", "VACUUM (ANALYZE) sales")
    tables, indexes = await estimated(theirs)
    assert tables["public.sales"].percent == pytest.approx(90, abs=5)
    assert indexes["public.sales_pkey"].percent == pytest.approx(90, abs=5)
    await run(theirs, "VACUUM (FULL, ANALYZE) sales")
    tables, indexes = await estimated(theirs)
    assert tables["public.sales"].percent < 20
    assert indexes["public.sales_pkey"].percent < 15


async def test_partitions_are_estimated_together_and_a_fill_factor_is_no_waste(theirs: Target) -> None:
    await run(
        theirs,
        "CREATE TABLE visits (at int PRIMARY KEY, page int) PARTITION BY RANGE (at)",
        "CREATE TABLE visits_0 PARTITION OF visits FOR VALUES FROM (0) TO (9000) WITH (fillfactor = 40)",
        "CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM (9000) TO (20000) WITH (fillfactor = 40)",
        "INSERT INTO visits SELECT n, n FROM generate_series(0, 19999) AS n",
        "ANALYZE",
    )
    tables, indexes = await estimated(theirs)
    assert set(tables) == {"public.visits"}
    assert tables["public.visits"].percent < 10
    assert indexes["public.visits_pkey"].table == "public.visits"


def test_half_empty_and_large_is_judged() -> None:
    def severities(size: int, wasted: int) -> list[str]:
        one = Bloat("public.a", "public.a", size, wasted)
        return [finding.severity for finding in judged(Bloated([one], [one], 0))]

    mib = 2**20
    assert severities(190 * mib, 99 * mib) == []
    assert severities(210 * mib, 104 * mib) == []
    assert severities(200 * mib, 100 * mib) == ["watch", "watch"]
    assert severities(1500 * mib, 1100 * mib) == ["bad", "bad"]
