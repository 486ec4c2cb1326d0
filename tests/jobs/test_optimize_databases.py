from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from structlog.testing import capture_logs

from db import partitions, reports, rollup, statement_times
from db.database import Database, with_schema
from db.diagnosis import analyze, tables
from db.diagnosis.target import own
from db.reports import Report
from db.statement_costs import Cost, DrainedStatements
from jobs import database_report, optimize_databases, prune
from jobs.context import Context
from settings import database_name
from tests.conftest import SCHEMA
from tests.db.diagnosis.others import run
from tests.servers import a_database_on
from tests.stored import partition, sql

AWAY = "postgresql://nobody@127.0.0.1:1/away"
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
DAY = timedelta(days=1)
COUNTED = ("SELECT pg_stat_force_next_flush()", "SELECT 1")
"""after which others see what a connection has changed"""


@pytest.fixture(autouse=True)
def folder(context: Context, tmp_path: Path) -> Path:
    """Where reports go."""
    context.settings = context.settings.model_copy(update={"log_dir": tmp_path / "logs"})
    return tmp_path / "logs" / "database"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that has just started is judged like any other."""
    monkeypatch.setattr(tables, "RESPITE_SECONDS", 0.0)


def watching(context: Context, *urls: str) -> None:
    context.settings = context.settings.model_copy(update={"watched_databases": urls})


async def newest(db: Database, target: str = "own") -> Report:
    kept = await reports.newest(db, target)
    found = await reports.one(db, target, kept[0].id)
    assert found is not None
    return found


def files(folder: Path) -> dict[str, str]:
    """Texts of the reports that were written, by their names without the day."""
    return {
        file.name.removeprefix(f"{datetime.now(UTC):%Y-%m-%d}-"): file.read_text()
        for file in folder.iterdir()
    }


def cost(*durations: float) -> Cost:
    found = Cost()
    for seconds in durations:
        found.count(seconds, 1, True, False)
    return found


@pytest.fixture
async def past(db: Database, database_url: str) -> Database:
    """Our database with partitions for what ran ten days and three days ago."""
    with psycopg.connect(with_schema(database_url, SCHEMA), autocommit=True) as connection:
        partitions.ensure(connection, TODAY - 50 * DAY)
    for family in ("statement_times", "statement_sums"):
        await partition(db, f"{family}_live", TODAY - 10 * DAY, TODAY - 9 * DAY)
        for days in (10, 3):
            await partition(db, f"{family}_10s", TODAY - days * DAY, TODAY - (days - 1) * DAY)
    return db


async def ran(db: Database, days_ago: int, **statements: Cost) -> None:
    """Statements of a day, rolled up as its days were once it was over."""
    begin = TODAY - days_ago * DAY
    noon = int((begin + DAY / 2).timestamp())
    await sql(db, "UPDATE rolled_up SET until = %s", begin)
    await statement_times.add(
        db, "me", DrainedStatements({noon: {(name, "a test"): each for name, each in statements.items()}})
    )
    await rollup.roll_up(db, (begin + DAY).timestamp() + 61)
    await sql(db, "UPDATE rolled_up SET until = date_trunc('hour', now())")


async def test_statements_of_this_week_are_compared_with_those_of_the_last(
    context: Context, past: Database, folder: Path
) -> None:
    await ran(past, 10, posts=cost(0.5, 0.5), gone=cost(9.0))
    await ran(past, 3, posts=cost(1.0, 1.0, 1.0), new=cost(0.5))
    assert await optimize_databases.run(context) == 1
    own = (await newest(past)).own
    assert own is not None
    posts, new = (next(one for one in own.statements if one.statement == name) for name in ("posts", "new"))
    assert (posts.calls, posts.seconds, posts.seconds_before) == (3, 3.0, 1.0)
    assert (posts.change, posts.mean_change, new.change) == ("▲ 200 % more", "▲ 100 % slower", "new")
    assert posts.p95_seconds == pytest.approx(1.0, rel=0.0101)
    assert 80 < posts.share_percent <= 100 * 3.0 / 3.5
    assert own.seconds_before == 10.0
    assert "| `posts` | 3.00 |" in files(folder)["own.md"]


async def test_nothing_is_said_of_a_time_of_which_nothing_is_known(context: Context, db: Database) -> None:
    await optimize_databases.run(context)
    report = await newest(db)
    assert report.own is not None
    assert (report.own.seconds_before, report.failure) == (None, None)


@pytest.fixture
async def stale(db: Database) -> Database:
    """Our database with a table of a name that has to be quoted, of which there are no statistics."""
    await run(
        own(db),
        'CREATE TABLE "old; news" (id int) WITH (autovacuum_enabled = off)',
        'INSERT INTO "old; news" SELECT generate_series(1, 20000)',
        *COUNTED,
    )
    return db


async def test_stale_statistics_of_our_own_are_made_anew(
    context: Context, stale: Database, folder: Path
) -> None:
    await optimize_databases.run(context)
    report = await newest(stale)
    (one,) = (one for one in report.stale if "old; news" in one.table)
    assert one.not_analyzed is None
    assert await sql(stale, "SELECT reltuples FROM pg_class WHERE relname = 'old; news'") == [(20000.0,)]
    assert not any("old; news" in finding.sentence for finding in report.findings), "they are fresh by then"
    text = files(folder)["own.md"]
    assert "has no statistics at all, so that the planner guesses. Analyzed." in text


async def test_a_table_that_stays_locked_is_left_as_it_is(
    context: Context, stale: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analyze, "LOCK_SECONDS", 0.05)
    async with stale.transaction() as session:
        await session.connection.execute('LOCK TABLE "old; news" IN SHARE UPDATE EXCLUSIVE MODE')
        await optimize_databases.run(context)
    (one,) = (one for one in (await newest(stale)).stale if "old; news" in one.table)
    assert one.not_analyzed == "it was locked for longer than 0 s"


async def test_a_table_that_takes_too_long_or_is_gone_is_left_as_it_is(
    stale: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await analyze.analyze(own(stale), "pg_catalog.no_such_table") == "it is gone"
    monkeypatch.setattr(analyze, "ANALYZE_SECONDS", 0.001)
    await sql(stale, 'INSERT INTO "old; news" SELECT generate_series(1, 300000)')
    why = await analyze.analyze(own(stale), f'{stale.schema}."old; news"')
    assert why is not None
    assert why.startswith("ANALYZE took longer")


@pytest.fixture(params=["postgres_15", "postgres_15_extended"])
def shop(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database of somebody else's that has much to do, without and with extensions."""
    with a_database_on(str(request.getfixturevalue(request.param))) as conninfo:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute("CREATE TABLE sales (id int, shop int) WITH (autovacuum_enabled = off)")
            connection.execute("INSERT INTO sales SELECT n, n % 500 FROM generate_series(1, 60000) AS n")
            for statement in (*COUNTED, "ANALYZE sales"):
                connection.execute(statement)
            for shop in range(5):
                connection.execute("SELECT id FROM sales WHERE shop = %s", [shop])
            connection.execute("CREATE TABLE stock (id int) WITH (autovacuum_enabled = off)")
            connection.execute("INSERT INTO stock SELECT generate_series(1, 20000)")
            for statement in COUNTED:
                connection.execute(statement)
        yield conninfo


async def test_a_watched_database_is_reported_on_and_never_written_to(
    context: Context, shop: str, request: pytest.FixtureRequest
) -> None:
    watching(context, shop)
    assert await optimize_databases.run(context) == 2
    report = await newest(context.db, database_name(shop))
    assert report.own is None
    (one,) = report.stale
    assert (one.table, one.not_analyzed) == ("public.stock", database_report.WATCHED_IS_NOT_WRITTEN_TO)
    with psycopg.connect(shop) as connection:
        seen = connection.execute("SELECT count(*) FROM pg_stats WHERE tablename = 'stock'").fetchone()
    assert seen == (0,)
    if "extended" in request.node.callspec.id:
        assert report.others is not None
        (sales,) = (
            one for one in report.others.statements if one.statement.startswith("SELECT id FROM sales")
        )
        assert (sales.calls, sales.change) == (5, None)
        assert [one.columns for one in report.missing_indexes] == [("shop",)]
    else:
        assert report.others is None
        assert any("pg_stat_statements" in one.reason for one in report.unanswered)


async def test_what_others_ran_is_told_since_the_last_report(
    context: Context, postgres_15_extended: str
) -> None:
    with a_database_on(postgres_15_extended) as conninfo:
        watching(context, conninfo)
        with psycopg.connect(conninfo, autocommit=True) as connection:
            for times in (3, 2):
                for _ in range(times):
                    connection.execute("SELECT upper('sold')")
                await optimize_databases.run(context)
    others = (await newest(context.db, database_name(conninfo))).others
    assert others is not None
    (sold,) = (one for one in others.statements if "upper" in one.statement)
    assert (sold.calls, sold.seconds_before is None) == (2, False)
    assert not any("subpulse" in one.statement or "pg_stat" in one.statement for one in others.statements)


async def test_one_that_is_away_holds_up_no_other_and_the_report_says_why(
    context: Context, postgres: str, folder: Path
) -> None:
    with a_database_on(postgres) as theirs:
        watching(context, AWAY, theirs)
        with capture_logs() as logs:
            assert await optimize_databases.run(context) == 2
    failed = await newest(context.db, "away@127.0.0.1:1")
    assert failed.failure is not None
    assert "refused" in failed.failure
    assert [log["target"] for log in logs if log["event"] == "database not reported on"] == [
        "away@127.0.0.1:1"
    ]
    assert (await newest(context.db, database_name(theirs))).failure is None
    assert {"away@127.0.0.1%3A1.md", "own.md"} < set(files(folder))
    assert len(files(folder)) == 3


async def test_our_own_that_fails_holds_up_no_other_and_fails_the_run(
    context: Context, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise psycopg.errors.DiskFull("no space left")

    monkeypatch.setattr(database_report.report_costs, "own_costs", fail)
    with a_database_on(postgres) as theirs:
        watching(context, theirs)
        with pytest.raises(psycopg.errors.DiskFull):
            await optimize_databases.run(context)
    assert (await newest(context.db, database_name(theirs))).failure is None
    assert await reports.newest(context.db, "own") == []


async def test_a_folder_that_cannot_be_written_to_is_one_line_in_the_log(
    context: Context, tmp_path: Path
) -> None:
    (tmp_path / "logs").write_text("a file")
    with capture_logs() as logs:
        assert await optimize_databases.run(context) == 1
    (line,) = (log for log in logs if "report not written" in log["event"])
    assert (line["why"], "LOG_DIR" in line["event"]) == ("Not a directory", True)
    assert (await newest(context.db)).own is not None


def test_a_name_from_outside_leads_nowhere_else() -> None:
    at = datetime(2026, 11, 26, tzinfo=UTC)
    name = optimize_databases.file_name(Report("../shop@db.example.org:5433", at))
    assert name == "2026-11-26-..%2Fshop@db.example.org%3A5433.md"


async def test_reports_are_forgotten_after_two_years(context: Context) -> None:
    for days in (729, 731):
        await reports.add(context.db, Report("own", datetime.now(UTC) - days * DAY))
    await prune.run(context)
    assert len(await reports.newest(context.db, "own")) == 1
