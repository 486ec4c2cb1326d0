"""What statements cost is told of any range, by statement, by asker and over time."""

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from db import levels, partitions, rollup, statement_times, statement_totals
from db.database import Database, Session, with_schema
from db.statement_costs import Cost, DrainedStatements
from tests.conftest import SCHEMA
from tests.stored import partition, partitioned, sql

HOUR, DAY = levels.HOUR, levels.DAY
NOW = int(datetime.now(UTC).timestamp() // HOUR * HOUR)


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def cost(*durations: float, rows: int = 1, reused: bool | None = True, slow: bool = False) -> Cost:
    found = Cost()
    for seconds in durations:
        found.count(seconds, rows, reused, slow)
    return found


def drained(*ran: tuple[int, str, str, Cost], texts: Any = None) -> DrainedStatements:
    """What ran in which interval: its start, statement, asker and cost."""
    found = DrainedStatements(texts=texts or {})
    for start, statement, asker, each in ran:
        found.intervals.setdefault(start, {})[statement, asker] = each
    return found


@pytest.fixture(autouse=True)
async def rolled_up_until_now(db: Database) -> None:
    """Whenever the template was made: the hour may have turned since."""
    await sql(db, "UPDATE rolled_up SET until = %s", at(NOW))


async def test_statements_come_dearest_first_with_all_who_asked(db: Database) -> None:
    await statement_times.add(
        db,
        "me",
        drained(
            (NOW, "runs.controls", "page jobs", cost(0.1, 0.3, rows=4)),
            (NOW, "runs.controls", "job prune", cost(0.2, reused=False)),
            (NOW, "SELECT ?", "page jobs", cost(0.01, reused=None)),
            texts={"runs.controls": "-- Which.\nSELECT job FROM job_controls"},
        ),
    )
    await statement_times.add(db, "you", drained((NOW, "runs.controls", "page jobs", cost(0.4, slow=True))))
    first, second = await statement_times.by_statement(db, at(NOW), at(NOW + 10))
    totals = first.totals
    assert (first.statement, totals.calls, totals.rows, totals.slow) == ("runs.controls", 4, 10, 1)
    assert [(asked.asker, asked.calls) for asked in first.askers] == [("page jobs", 3), ("job prune", 1)]
    assert [asked.seconds for asked in first.askers] == [0.8, 0.2]
    assert (totals.total_seconds, totals.mean, totals.reuse) == (1.0, 0.25, 0.75)
    assert [totals.p50, totals.p95, totals.max] == pytest.approx([0.2, 0.4, 0.4], rel=0.0101)
    assert (second.statement, second.text, second.totals.reuse) == ("SELECT ?", "SELECT ?", None)
    assert len(await statement_times.by_statement(db, at(NOW), at(NOW + 10), limit=1)) == 1
    (one,) = await statement_times.by_statement(db, at(NOW), at(NOW + 10), asker="job prune")
    assert (one.totals.calls, [asked.asker for asked in one.askers]) == (1, ["job prune"])


async def test_a_text_is_kept_after_its_statement_has_left_the_code(db: Database) -> None:
    for text in ("SELECT old", "SELECT new"):
        await statement_times.add(
            db, "me", drained((NOW, "gone.away", "me", cost(0.1)), texts={"gone.away": text})
        )
    (found,) = await statement_times.by_statement(db, at(NOW), at(NOW + 10))
    assert (found.text, found.totals.calls) == ("SELECT new", 2)


async def test_askers_come_dearest_first_with_how_many_statements_they_ran(db: Database) -> None:
    await statement_times.add(
        db,
        "me",
        drained(
            (NOW, "a", "page jobs", cost(0.1)),
            (NOW, "b", "page jobs", cost(0.2, 0.2)),
            (NOW, "b", "job prune", cost(2.0)),
        ),
    )
    prune, page = await statement_times.by_asker(db, at(NOW), at(NOW + 10))
    assert (prune.asker, prune.totals.calls, prune.statements) == ("job prune", 1, 1)
    assert (page.asker, page.totals.calls, page.statements) == ("page jobs", 3, 2)
    assert page.totals.total_seconds == pytest.approx(0.5)
    (only,) = await statement_times.by_asker(db, at(NOW), at(NOW + 10), statement="a")
    assert (only.asker, only.totals.calls) == ("page jobs", 1)


async def test_steps_tell_calls_seconds_slow_ones_and_p95(db: Database) -> None:
    await statement_times.add(
        db,
        "me",
        drained(
            (NOW, "a", "page jobs", cost(0.1, 0.1)),
            (NOW + 120, "a", "page jobs", cost(0.4, rows=7, slow=True)),
            (NOW + 120, "b", "job prune", cost(9.0)),
        ),
    )
    found = await statement_times.over_time(db, at(NOW), at(NOW + 180), 60, statement="a")
    assert found.at == [at(NOW), at(NOW + 60), at(NOW + 120)]
    assert (found.calls, found.slow, found.rows) == ([2, 0, 1], [0, 0, 1], [2, 0, 7])
    assert found.total_seconds == pytest.approx([0.2, 0, 0.4])
    assert found.p95[1] is None
    assert [found.p95[0], found.p95[2]] == pytest.approx([0.1, 0.4], rel=0.0101)
    other = await statement_times.over_time(db, at(NOW), at(NOW + 180), 60, asker="job prune", with_p95=False)
    assert (other.calls, other.p95) == ([0, 0, 1], [None] * 3)


async def test_more_than_four_bytes_of_rows_and_microseconds_are_counted_exactly(db: Database) -> None:
    many = cost(0.1)
    many.count(3 * 3600.0, 2**33 + 1, True, True)
    await statement_times.add(db, "me", drained((NOW, "a", "me", many)))
    (found,) = await statement_times.by_statement(db, at(NOW), at(NOW + 10))
    assert (found.totals.rows, found.totals.total_seconds) == (2**33 + 2, 10_800.1)


@pytest.fixture
async def three_days_ago(db: Database, database_url: str) -> int:
    """As if nothing had been rolled up since the day began that ended two days ago at least; when it began."""
    begin = (NOW - 3 * DAY) // DAY * DAY
    with psycopg.connect(with_schema(database_url, SCHEMA), autocommit=True) as connection:
        partitions.ensure(connection, at(begin - 40 * DAY))
    for table in ("latency_live", "samples_live", "statement_times_live", "statement_sums_live"):
        names = await sql(
            db, "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", table
        )
        oldest = min(partitioned(table).begin(name) for (name,) in names)
        if oldest > at(begin):
            await partition(db, table, at(begin), oldest)
    await sql(db, "UPDATE rolled_up SET until = %s", at(begin))
    return begin


async def test_a_range_over_many_hours_tells_what_two_processes_ran_to_the_call(
    db: Database, three_days_ago: int
) -> None:
    begin, ran = three_days_ago, []
    for number in range(40):
        start = begin + number * 6300 // 10 * 10
        ran.append(start)
        process = ("me", "you")[number % 2]
        await sql(db, "UPDATE rolled_up SET until = %s", at(start // HOUR * HOUR))
        await statement_times.add(
            db, process, drained((start, "a", "page jobs", cost(0.1, rows=3)), (start, "b", "me", cost(0.2)))
        )
    await sql(db, "UPDATE rolled_up SET until = %s", at(begin))
    assert await rollup.roll_up(db, NOW + 61) == (NOW - begin) // HOUR
    widths = {width for (width,) in await sql(db, "SELECT DISTINCT width FROM statement_times")}
    assert widths >= {60, 3600, 86400}
    assert widths == {width for (width,) in await sql(db, "SELECT DISTINCT width FROM statement_sums")}
    for since, until in ((begin, NOW), (begin + HOUR, begin + 30 * HOUR), (begin + DAY, NOW + 60)):
        inside = sum(since <= start < until for start in ran)
        found = {one.statement: one for one in await statement_times.by_statement(db, at(since), at(until))}
        assert (found["a"].totals.calls, found["a"].totals.rows) == (inside, 3 * inside)
        assert found["b"].totals.total_seconds == pytest.approx(0.2 * inside)
        steps = await statement_times.over_time(db, at(since), at(until), HOUR, statement="a")
        assert sum(steps.calls) == inside
        assert sum(each is not None for each in steps.p95) == sum(calls > 0 for calls in steps.calls)


async def test_what_comes_after_its_hour_was_rolled_up_is_counted_in_the_next(db: Database) -> None:
    await statement_times.add(
        db, "late", drained((NOW - 7200, "a", "me", cost(0.1)), (NOW + 20, "a", "me", cost(0.1)))
    )
    (found,) = await statement_times.by_statement(db, at(NOW), at(NOW + 60))
    assert found.totals.calls == 2


async def test_a_range_in_which_nothing_ran_is_empty(db: Database) -> None:
    await statement_times.add(db, "me", DrainedStatements())
    assert await statement_times.by_statement(db, at(NOW - 800 * DAY), at(NOW + 60)) == []
    assert await statement_times.by_asker(db, at(NOW - DAY), at(NOW)) == []
    assert set((await statement_times.over_time(db, at(NOW - DAY), at(NOW), HOUR)).calls) == {0}


async def test_what_is_met_first_while_a_range_is_read_is_not_half_in_it(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await statement_times.add(db, "me", drained((NOW, "a", "me", cost(0.1))))
    series = statement_totals.all_series
    others = iter("bcd")

    async def and_others_store(session: Session) -> Any:
        known = await series(session)
        await statement_times.add(db, "you", drained((NOW, next(others), "you", cost(0.2))))
        return known

    for module in (statement_totals, statement_times):
        monkeypatch.setattr(module, "all_series", and_others_store)
    found = await statement_times.by_statement(db, at(NOW), at(NOW + 10))
    assert [one.statement for one in found] == ["a"]
    assert {one.asker for one in await statement_times.by_asker(db, at(NOW), at(NOW + 10))} == {"me", "you"}
    assert (await statement_times.over_time(db, at(NOW), at(NOW + 10), 10, statement="a")).calls == [1]
