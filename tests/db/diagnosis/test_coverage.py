import pytest

from db.diagnosis import coverage
from db.diagnosis.target import Target
from tests.db.diagnosis.others import another, run
from tests.waiting import until_found


async def test_coverage_is_the_share_of_rows_read_through_indexes(
    theirs: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coverage, "COVERAGE_LEAST_ROWS", 1000)
    await run(
        theirs,
        "CREATE TABLE sales (id int PRIMARY KEY, note text)",
        "INSERT INTO sales SELECT n, 'note ' || n FROM generate_series(1, 2000) AS n",
        "CREATE TABLE small AS SELECT 1 AS id",
        "ANALYZE",
    )
    async with another(theirs) as other:
        await other.execute("SELECT count(note) FROM sales")
        await other.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
        await other.execute("SELECT count(note) FROM sales WHERE id <= 500")
        await other.commit()

    async def is_counted() -> bool:
        found = await coverage.coverage(theirs)
        assert isinstance(found, list)
        return bool(found) and found[0].index_rows >= 500

    await until_found(is_counted)
    found = await coverage.coverage(theirs)
    assert isinstance(found, list)
    (sales,) = found
    assert (sales.table, sales.rows, sales.index_rows) == ("public.sales", 2000, 500)
    assert sales.scanned_rows >= 2000
    assert sales.percent == pytest.approx(100 * 500 / (500 + sales.scanned_rows))
    assert coverage.coverage_of_all(found) == pytest.approx(sales.percent)
    assert coverage.coverage_of_all([]) is None
