import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from db.diagnosis import indexes
from db.diagnosis.indexes import Counting, Index, Unused, counting, covered, invalid, judged, unused
from db.diagnosis.target import Target
from tests.db.diagnosis.others import another, run
from tests.waiting import until_found

LATER = datetime.now(UTC) + timedelta(days=30)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
async def shop(theirs: Target) -> Target:
    await run(
        theirs,
        "CREATE TABLE sales (id int PRIMARY KEY, shop int NOT NULL, at timestamptz, note text)",
        "INSERT INTO sales SELECT n, n % 7, now(), 'note ' || n FROM generate_series(1, 2000) AS n",
    )
    return theirs


async def all_of(target: Target) -> list[Index]:
    found = await indexes.indexes(target)
    assert isinstance(found, list)
    return found


async def idle(target: Target, known: bool = True, now: datetime = LATER) -> Unused:
    found, counted = await all_of(target), await counting(target)
    assert isinstance(counted, Counting)
    return unused(found, counted, dict.fromkeys((one.index for one in found), LONG_AGO) if known else {}, now)


@pytest.fixture
def of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "UNUSED_LEAST_BYTES", 1)


@pytest.mark.usefixtures("of_any_size")
async def test_an_index_that_nothing_used_is_found_with_the_way_to_drop_it_and_back(shop: Target) -> None:
    await run(shop, 'CREATE INDEX "by Note" ON sales (note) INCLUDE (at) WHERE shop > 1')
    found = await idle(shop)
    (one,) = found.unused
    assert (one.index, one.table, one.scans) == ('public."by Note"', "public.sales", 0)
    assert one.drop_sql == 'DROP INDEX CONCURRENTLY public."by Note"'
    assert one.create_sql == (
        'CREATE INDEX CONCURRENTLY "by Note" ON public.sales USING btree (note) INCLUDE (at) WHERE (shop > 1)'
    )
    assert one.bytes > 0
    (finding,) = judged(await all_of(shop), found)
    assert (finding.severity, finding.remedy_sql) == ("watch", one.drop_sql)
    await run(shop, finding.remedy_sql or "")
    assert len(await all_of(shop)) == 1
    await run(shop, finding.undo_sql or "")
    assert [again.create_sql for again in await all_of(shop) if again.index == one.index] == [one.create_sql]


@pytest.mark.usefixtures("of_any_size")
async def test_an_index_that_was_used_or_is_needed_is_no_matter(shop: Target) -> None:
    await run(
        shop,
        "CREATE INDEX used ON sales (shop, note)",
        "CREATE UNIQUE INDEX forbids ON sales (note)",
        "ALTER TABLE sales ADD CONSTRAINT alone EXCLUDE USING btree (id WITH =)",
        "ANALYZE sales",
    )
    async with another(shop) as other:
        await other.execute("SET enable_seqscan = off")
        await other.execute("SELECT count(*) FROM sales WHERE shop = 1 AND note < 'note 5'")
        await other.commit()
    await until_found(lambda: _is_used(shop, "public.used"))
    assert (await idle(shop)).unused == []


async def _is_used(target: Target, name: str) -> bool:
    return any(one.scans > 0 for one in await all_of(target) if one.index == name)


@pytest.mark.usefixtures("of_any_size")
async def test_an_index_that_may_be_new_is_not_judged_yet(shop: Target) -> None:
    await run(shop, "CREATE INDEX by_note ON sales (note)")
    for found in (await idle(shop, known=False), await idle(shop, now=datetime.now(UTC))):
        assert found.unused == []
        assert [one.index for one in found.too_early] == ["public.by_note"]
        assert found.counted.since is not None


@pytest.mark.usefixtures("of_any_size")
async def test_what_replicas_use_is_not_known(shop: Target) -> None:
    await run(shop, "CREATE INDEX by_note ON sales (lower(note))")
    found, counted = await all_of(shop), await counting(shop)
    assert isinstance(counted, Counting)
    known = {one.index: LONG_AGO for one in found}
    copied = unused(found, replace(counted, has_replicas=True), known, LATER)
    (finding,) = judged(found, copied)
    assert "What replicas read is not counted here" in finding.sentence
    assert "Its expression's statistics may help" in finding.sentence
    assert unused(found, replace(counted, is_replica=True), known, LATER).unused == []
    assert unused(found, replace(counted, since=None), known, LATER).unused == []


async def test_a_small_index_is_not_worth_a_word(shop: Target) -> None:
    await run(shop, "CREATE INDEX by_note ON sales (note)")
    found = await idle(shop)
    assert [*found.unused, *found.too_early] == []


@pytest.mark.usefixtures("of_any_size")
async def test_partitions_are_judged_together(theirs: Target) -> None:
    await run(
        theirs,
        "CREATE TABLE visits (at int NOT NULL, page int) PARTITION BY RANGE (at)",
        "CREATE TABLE visits_0 PARTITION OF visits FOR VALUES FROM (0) TO (1000)",
        "CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM (1000) TO (2000)",
        "INSERT INTO visits SELECT n, n FROM generate_series(0, 1999) AS n",
        "CREATE INDEX by_page ON visits (page)",
        "CREATE INDEX by_both ON visits (at, page)",
        "ANALYZE visits",
    )
    async with another(theirs) as other:
        await other.execute("SET enable_seqscan = off")
        await other.execute("SELECT * FROM visits WHERE at = 5 AND page = 5")
        await other.commit()
    await until_found(lambda: _is_used(theirs, "public.by_both"))
    (one,) = (await idle(theirs)).unused
    assert (one.index, one.table, one.partitions) == ("public.by_page", "public.visits", 2)
    assert one.bytes >= 2 * 8192
    assert one.drop_sql == "DROP INDEX public.by_page"
    assert one.create_sql == "CREATE INDEX by_page ON public.visits USING btree (page)"
    await run(theirs, one.drop_sql, one.create_sql)
    assert "public.by_page" in {again.index for again in await all_of(theirs)}


@pytest.mark.parametrize(
    ("one", "other", "is_covered"),
    [
        ("INDEX one ON sales (shop)", "INDEX other ON sales (shop, at)", True),
        ("INDEX one ON sales (shop)", "UNIQUE INDEX other ON sales (shop, id)", True),
        ("INDEX one ON sales (lower(note))", "INDEX other ON sales (lower(note), at)", True),
        ("INDEX one ON sales (shop) WHERE shop > 1", "INDEX other ON sales (shop, at) WHERE shop > 1", True),
        ("INDEX one ON sales (shop) INCLUDE (at)", "INDEX other ON sales (shop, at)", True),
        ("INDEX one ON sales (id)", "INDEX other ON sales (note)", True),  # by the primary key
        ("UNIQUE INDEX one ON sales (id)", "INDEX other ON sales (note)", True),
        ("INDEX one ON sales (shop)", "INDEX other ON sales (at, shop)", False),
        ("INDEX one ON sales (shop)", "INDEX other ON sales (shop, at) WHERE shop > 1", False),
        ("INDEX one ON sales (shop) WHERE shop > 1", "INDEX other ON sales (shop, at)", False),
        ("INDEX one ON sales (shop) WHERE shop > 1", "INDEX other ON sales (shop) WHERE shop > 2", False),
        ("INDEX one ON sales (note)", "INDEX other ON sales (note text_pattern_ops, at)", False),
        ("INDEX one ON sales (note)", 'INDEX other ON sales (note COLLATE "POSIX", at)', False),
        ("INDEX one ON sales (shop)", "INDEX other ON sales (shop DESC, at)", False),
        ("INDEX one ON sales (lower(note))", "INDEX other ON sales (upper(note), at)", False),
        ("INDEX one ON sales (shop) INCLUDE (note)", "INDEX other ON sales (shop, at)", False),
        ("UNIQUE INDEX one ON sales (note)", "INDEX other ON sales (note, at)", False),
        ("UNIQUE INDEX one ON sales (note)", "INDEX other ON sales (note)", False),
        ("UNIQUE INDEX one ON sales (note)", "UNIQUE INDEX other ON sales (note, at)", False),
        ("INDEX one ON sales USING hash (shop)", "INDEX other ON sales (shop)", False),
        ("INDEX one ON sales USING brin (shop)", "INDEX other ON sales USING brin (shop, at)", False),
    ],
)
async def test_an_index_is_covered_by_another_that_can_do_all_it_can(
    ours: Target, one: str, other: str, is_covered: bool
) -> None:
    await run(
        ours,
        "CREATE TABLE sales (id int PRIMARY KEY, shop int NOT NULL, at timestamptz, note text)",
        f"CREATE {one}",
        f"CREATE {other}",
    )
    found = [pair for pair in covered(await all_of(ours)) if pair.index.table.endswith(".sales")]
    assert ("subpulse_sandbox.one" in {pair.index.index for pair in found}) == is_covered
    for finding in judged([pair.index for pair in found], None):
        await run(ours, finding.remedy_sql or "", finding.undo_sql or "")


async def test_of_two_that_are_the_same_one_stays(shop: Target) -> None:
    await run(shop, *(f"CREATE INDEX {name} ON sales (shop, note)" for name in ("a", "b", "c")))
    pairs = covered(await all_of(shop))
    assert {(pair.index.index, pair.by.index) for pair in pairs} == {
        ("public.a", "public.c"),
        ("public.b", "public.c"),
    }
    (first, _) = judged(await all_of(shop), None)
    assert "has the same columns as public.c" in first.sentence


@pytest.mark.usefixtures("of_any_size")
async def test_what_is_to_serve_in_the_place_of_one_that_is_used_is_not_called_unused(shop: Target) -> None:
    await run(shop, "CREATE INDEX short ON sales (shop)", "ANALYZE sales")
    async with another(shop) as other:
        await other.execute("SET enable_seqscan = off")
        await other.execute("SELECT count(*) FROM sales WHERE shop = 1")
        await other.commit()
    await until_found(lambda: _is_used(shop, "public.short"))
    await run(shop, "CREATE INDEX long ON sales (shop, note)")
    found = await idle(shop)
    assert "public.long" in {one.index for one in found.unused}
    assert [one.remedy_sql for one in judged(await all_of(shop), found)] == [
        "DROP INDEX CONCURRENTLY public.short"
    ]


async def test_a_unique_index_goes_when_another_forbids_the_same(shop: Target) -> None:
    await run(
        shop, *(f"CREATE UNIQUE INDEX {name} ON sales (note)" for name in ("a", "b")),
        "CREATE UNIQUE INDEX c ON sales (note) NULLS NOT DISTINCT",
    )  # fmt: skip
    assert [pair.index.index for pair in covered(await all_of(shop))] == ["public.a"]


async def test_an_index_that_was_left_half_made_is_found(shop: Target) -> None:
    await run(shop, "UPDATE sales SET note = 'same' WHERE id < 3")
    with pytest.raises(psycopg.errors.UniqueViolation):
        await run(shop, "CREATE UNIQUE INDEX CONCURRENTLY half ON sales (note)")
    (one,) = invalid(await all_of(shop))
    assert one.index == "public.half"
    (finding,) = judged(await all_of(shop), await idle(shop))
    assert (finding.severity, finding.remedy_sql) == ("bad", "DROP INDEX CONCURRENTLY public.half")
    assert finding.undo_sql == "CREATE UNIQUE INDEX CONCURRENTLY half ON public.sales USING btree (note)"


async def test_an_index_that_is_just_being_made_is_not_called_half_made(shop: Target) -> None:
    async with another(shop) as holder, another(shop, options="-c lock_timeout=0") as maker:
        await holder.execute("UPDATE sales SET note = 'other' WHERE id = 1")
        await maker.set_autocommit(True)
        making = asyncio.create_task(maker.execute("CREATE INDEX CONCURRENTLY later ON sales (note)"))

        async def is_there() -> bool:
            return any(one.index == "public.later" for one in await all_of(shop))

        try:
            await until_found(is_there)
            found = await all_of(shop)
            assert [one.is_valid for one in found if one.index == "public.later"] == [False]
            assert judged(found, await idle(shop)) == []
        finally:
            await holder.rollback()
            await making


async def test_only_our_own_schema_is_judged_in_our_own_database(ours: Target) -> None:
    await run(
        ours,
        "CREATE SCHEMA other",
        "CREATE TABLE other.sales (id int)",
        "CREATE INDEX ON other.sales (id)",
    )
    assert all(one.table.startswith("subpulse_sandbox.") for one in await all_of(ours))
