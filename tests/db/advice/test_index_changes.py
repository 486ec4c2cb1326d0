import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from db.advice import changes
from db.advice.apply import apply_wanted
from db.advice.at_work import Patience
from db.advice.changes import ChangeRefused, IndexChange, UnneededIndex, concurrently, undo, want
from db.advice.measured import measure_after
from db.advice.remains import mark_lost
from db.advice.scans import indexes_used
from db.diagnosis.target import Target
from db.generic_plans import generic_plan
from tests.db.advice.asking import NEWEST, advised_for_ours, the_advice
from tests.stored import sql
from tests.waiting import until_found

ROOT = Path(__file__).parents[3]
SHORT = Patience(concurrent_seconds=0.3, blocking_seconds=0.3)
NAME = "instagram_posts_by_timestamp_desc"
PARTITIONED = "SELECT FROM slow_requests WHERE seconds = %(seconds)s"
INVALID = "SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE NOT indisvalid"


async def lacking(target: Target) -> None:
    await sql(target.db, "DROP INDEX instagram_posts_by_timestamp")


async def wanted(target: Target, text: str = NEWEST) -> int:
    return await want(target.db, target, await the_advice(target, text), "a test")


async def newest_change(target: Target) -> IndexChange:
    return (await changes.changes(target.db))[0]


async def indexes(target: Target, table: str) -> set[str]:
    rows = await sql(target.db, "SELECT indexname FROM pg_indexes WHERE tablename = %s", table)
    return {name for (name,) in rows}


async def used(target: Target, text: str) -> set[str]:
    async with target.db.connection() as connection:
        return indexes_used(await generic_plan(connection, text))


@asynccontextmanager
async def held(target: Target, statement: str) -> AsyncIterator[psycopg.AsyncConnection[tuple[object, ...]]]:
    """Another client in a transaction that has run a statement."""
    async with await psycopg.AsyncConnection.connect(target.db.conninfo()) as connection:
        await connection.execute(statement)
        yield connection


async def test_what_is_wanted_is_made_and_used_and_can_be_taken_back(any_ours: Target) -> None:
    await lacking(any_ours)
    made = await wanted(any_ours)
    assert await apply_wanted(any_ours.db, any_ours, "me") == 1
    change = await newest_change(any_ours)
    assert (change.state, change.error, change.instance, change.wanted_by) == ("done", None, "me", "a test")
    assert NAME in await used(any_ours, NEWEST)
    assert change.statements[0]["cost_after"] < change.statements[0]["cost_before"] / 10

    await undo(any_ours.db, any_ours, made, "a test")
    assert await apply_wanted(any_ours.db, any_ours, "me") == 1
    assert NAME not in await indexes(any_ours, "instagram_posts")
    assert [one.state for one in await changes.changes(any_ours.db)] == ["done", "undone"]


async def test_a_partitioned_tables_index_is_made_part_by_part_and_taken_back_at_once(
    any_ours: Target,
) -> None:
    made = await wanted(any_ours, PARTITIONED)
    await apply_wanted(any_ours.db, any_ours, "me")
    assert (await newest_change(any_ours)).error is None
    assert "slow_requests_by_seconds" in await indexes(any_ours, "slow_requests")
    assert await sql(any_ours.db, INVALID) == []
    assert any(name.startswith("slow_requests_2") for name in await used(any_ours, PARTITIONED))
    await undo(any_ours.db, any_ours, made, "a test")
    await apply_wanted(any_ours.db, any_ours, "me")
    assert (await newest_change(any_ours)).error is None
    left = await sql(any_ours.db, "SELECT FROM pg_indexes WHERE indexname LIKE '%seconds%'")
    assert left == []


async def test_an_unneeded_index_is_dropped_and_made_again(any_ours: Target) -> None:
    unneeded = UnneededIndex("subpulse_sandbox", "posts_by_created", "Nobody used it for 30 days.")
    dropped = await want(any_ours.db, any_ours, unneeded, "a test")
    await apply_wanted(any_ours.db, any_ours, "me")
    assert "posts_by_created" not in await indexes(any_ours, "posts")
    await undo(any_ours.db, any_ours, dropped, "a test")
    await apply_wanted(any_ours.db, any_ours, "me")
    assert "posts_by_created" in await indexes(any_ours, "posts")
    assert (await newest_change(any_ours)).sql == (
        "CREATE INDEX CONCURRENTLY posts_by_created ON subpulse_sandbox.posts USING btree (created_at DESC)"
    )


async def test_an_index_that_is_dropped_by_halves_is_dropped_as_soon_as_that_can_be(ours: Target) -> None:
    unneeded = UnneededIndex("subpulse_sandbox", "posts_by_created", "Nobody used it for 30 days.")
    await want(ours.db, ours, unneeded, "a test")
    async with held(ours, "UPDATE posts SET score = 1 WHERE id = 't3_1'"):
        await apply_wanted(ours.db, ours, "me", SHORT)
    change = await newest_change(ours)
    assert (change.state, change.remains) == ("failed", [["subpulse_sandbox", "posts_by_created"]])
    await undo(ours.db, ours, change.id, "a test")
    await apply_wanted(ours.db, ours, "me")
    assert "posts_by_created" in await indexes(ours, "posts")
    assert await sql(ours.db, INVALID) == []


async def test_who_asks_twice_gets_one(ours: Target) -> None:
    await lacking(ours)
    assert await wanted(ours) == await wanted(ours)


@pytest.mark.parametrize(
    ("index", "why"),
    [
        ("posts_pkey", "has to stay"),
        ("latency_series_route_method_status_class_key", "has to stay"),
        ("nothing", "there is no index"),
        ("posts_by_created; DROP TABLE posts", "there is no index"),
    ],
)
async def test_what_is_needed_or_not_there_is_not_dropped(ours: Target, index: str, why: str) -> None:
    with pytest.raises(ChangeRefused, match=why):
        await want(ours.db, ours, UnneededIndex("subpulse_sandbox", index, ""), "a test")


async def test_only_what_was_done_is_taken_back(ours: Target) -> None:
    await lacking(ours)
    change = await wanted(ours)
    with pytest.raises(ChangeRefused, match="is wanted"):
        await undo(ours.db, ours, change, "a test")
    with pytest.raises(ChangeRefused, match="no change 77"):
        await undo(ours.db, ours, 77, "a test")


def test_only_a_definition_of_an_index_is_run() -> None:
    with pytest.raises(ChangeRefused):
        concurrently("DROP TABLE posts")
    with pytest.raises(ChangeRefused):
        concurrently("CREATE UNIQUE INDEX a ON b (c)")


async def test_a_name_that_is_taken_fails_and_the_one_who_has_it_keeps_it(ours: Target) -> None:
    await lacking(ours)
    await wanted(ours)
    await sql(ours.db, "CREATE INDEX instagram_posts_by_timestamp_desc ON instagram_posts (likes)")
    await apply_wanted(ours.db, ours, "me")
    change = await newest_change(ours)
    assert change.state == "failed"
    assert change.error == f"there is an index subpulse_sandbox.{NAME} already"
    assert NAME in await indexes(ours, "instagram_posts")


async def test_a_table_of_that_name_fails_too(ours: Target) -> None:
    await lacking(ours)
    await wanted(ours)
    await sql(ours.db, "CREATE TABLE instagram_posts_by_timestamp_desc ()")
    await apply_wanted(ours.db, ours, "me")
    assert (await newest_change(ours)).error == f'relation "{NAME}" already exists'


async def test_a_lock_that_is_not_free_in_time_leaves_nothing_behind_for_long(any_ours: Target) -> None:
    await lacking(any_ours)
    await wanted(any_ours)
    async with held(any_ours, "UPDATE instagram_posts SET likes = 1 WHERE id = '1'"):
        await apply_wanted(any_ours.db, any_ours, "me", SHORT)
    change = await newest_change(any_ours)
    assert change.state == "failed"
    assert "see who blocks whom" in str(change.error)
    assert change.remains == [["subpulse_sandbox", NAME]], "the other one was in its way too"
    assert await apply_wanted(any_ours.db, any_ours, "me") == 0
    assert await sql(any_ours.db, INVALID) == []
    assert (await newest_change(any_ours)).remains == []


async def test_a_partitions_failure_takes_all_others_back(ours: Target) -> None:
    await wanted(ours, PARTITIONED)
    ((last,),) = await sql(
        ours.db, "SELECT max(relid::regclass::text) FROM pg_partition_tree('slow_requests') WHERE isleaf"
    )
    async with held(ours, f"LOCK {last} IN SHARE ROW EXCLUSIVE MODE"):
        await apply_wanted(ours.db, ours, "me", SHORT)
    assert (await newest_change(ours)).state == "failed"
    assert await sql(ours.db, "SELECT FROM pg_indexes WHERE indexname LIKE '%seconds%'") == []


async def test_an_index_that_would_not_fit_fails_and_leaves_nothing(ours: Target) -> None:
    text = "SELECT FROM posts WHERE url = %(url)s"
    await wanted(ours, text.replace("url", "author"))
    await sql(
        ours.db,
        "UPDATE posts SET author = (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 400) AS i)"
        " WHERE id = 't3_1'",
    )
    await apply_wanted(ours.db, ours, "me")
    change = await newest_change(ours)
    assert change.state == "failed"
    assert "index row" in str(change.error)
    assert await sql(ours.db, INVALID) == []


async def test_two_never_run_on_one_table_at_once(ours: Target) -> None:
    await lacking(ours)
    await wanted(ours)
    await want(ours.db, ours, UnneededIndex("subpulse_sandbox", "instagram_posts_by_account", ""), "a test")
    first = await ours.db.row("index_changes.take", target="own", instance="me")
    assert first is not None
    assert await ours.db.row("index_changes.take", target="own", instance="another") is None
    with pytest.raises(psycopg.errors.UniqueViolation):
        await sql(ours.db, "UPDATE index_changes SET state = 'running'")


async def test_a_killed_one_is_found_and_its_invalid_index_is_named_and_taken_back(ours: Target) -> None:
    await lacking(ours)
    killed = await wanted(ours)
    async with held(ours, "UPDATE instagram_posts SET likes = 1 WHERE id = '1'"):
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.db.advice.changer", ours.db.conninfo(), cwd=ROOT
        )
        try:
            await until_found(lambda: _is_invalid(ours))
            assert await mark_lost(ours.db, ours, timedelta(0)) == []
        finally:
            child.kill()
            await child.wait()
        await until_found(lambda: _nobody_at_it(ours))
    assert await mark_lost(ours.db, ours, timedelta(0)) == [killed]
    change = await newest_change(ours)
    assert change.state == "lost"
    assert f"the invalid index subpulse_sandbox.{NAME}" in str(change.error)
    await wanted(ours)
    assert await apply_wanted(ours.db, ours, "me") == 1
    assert await sql(ours.db, INVALID) == []
    assert NAME in await used(ours, NEWEST)


async def _is_invalid(target: Target) -> bool:
    return await sql(target.db, INVALID) == [(NAME,)]


async def _nobody_at_it(target: Target) -> bool:
    return not await sql(
        target.db, "SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'subpulse index change%'"
    )


async def test_what_came_to_its_end_after_its_process_died_is_done(ours: Target) -> None:
    await lacking(ours)
    change = await wanted(ours)
    await ours.db.row("index_changes.take", target="own", instance="dead")
    await sql(ours.db, "CREATE INDEX instagram_posts_by_timestamp_desc ON instagram_posts (timestamp DESC)")
    assert await mark_lost(ours.db, ours, timedelta(0)) == [change]
    assert (await newest_change(ours)).state == "done"


async def test_remains_of_an_earlier_try_make_room(ours: Target) -> None:
    await lacking(ours)
    await wanted(ours)
    await sql(ours.db, "CREATE INDEX instagram_posts_by_timestamp_desc ON instagram_posts (likes)")
    await sql(ours.db, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", NAME)
    await apply_wanted(ours.db, ours, "me")
    assert (await newest_change(ours)).state == "done"
    assert await sql(ours.db, INVALID) == []


async def test_times_before_and_after_are_kept(ours: Target) -> None:
    asked_for: list[tuple[datetime, datetime]] = []

    async def times(statement: str, since: datetime, until: datetime) -> tuple[float, float] | None:
        asked_for.append((since, until))
        return (0.2, 0.4) if len(asked_for) == 1 else (0.001, 0.002)

    await lacking(ours)
    await want(ours.db, ours, await the_advice(ours, NEWEST), "a test", times)
    await apply_wanted(ours.db, ours, "me")
    assert await measure_after(ours.db, ours, times) == 0, "it has not been there for an hour"
    assert await measure_after(ours.db, ours, times, timedelta(0)) == 1
    assert await measure_after(ours.db, ours, times, timedelta(0)) == 0
    change = await newest_change(ours)
    (statement,) = change.statements
    assert statement["before"] == {"mean_seconds": 0.2, "p95_seconds": 0.4}
    assert statement["after"] == {"mean_seconds": 0.001, "p95_seconds": 0.002}
    assert asked_for[1][0] == change.finished_at
    assert asked_for[0][1] - asked_for[0][0] == timedelta(days=1)
    assert change.measured_at is not None
    assert change.measured_at <= datetime.now(UTC)


async def test_two_processes_that_apply_at_once_share_what_is_wanted(ours: Target) -> None:
    await lacking(ours)
    await wanted(ours)
    await wanted(ours, "SELECT FROM posts WHERE author = %(author)s")
    ended = await asyncio.gather(*(apply_wanted(ours.db, ours, name) for name in ("a", "b")))
    assert sum(ended) == 2
    assert {one.state for one in await changes.changes(ours.db)} == {"done"}
    assert (await advised_for_ours(ours)).advice == ()
