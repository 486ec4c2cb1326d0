from datetime import UTC, datetime, timedelta

from db.database import Database
from db.diagnosis.growth import first_seen, growth, note_sizes
from db.diagnosis.target import Target
from tests.db.diagnosis.others import run
from tests.stored import sql


def today() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


async def noted_yesterday(db: Database) -> None:
    """What was noted just now becomes a day older, in a partition that may have to be made."""
    yesterday = today() - timedelta(days=1)
    await sql(db, "CREATE TABLE IF NOT EXISTS before (LIKE relation_sizes)")
    await sql(db, "INSERT INTO before SELECT * FROM relation_sizes")
    await sql(db, "TRUNCATE relation_sizes")
    held = await sql(db, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'relation_sizes'::regclass")
    assert held[0][0] >= 1
    await sql(db, "CREATE TABLE IF NOT EXISTS rest PARTITION OF relation_sizes DEFAULT")
    await sql(db, "INSERT INTO relation_sizes SELECT %s, target, kind, name, bytes FROM before", yesterday)
    await sql(db, "DROP TABLE before")


async def test_a_days_last_reading_holds_and_growth_is_between_days(db: Database, ours: Target) -> None:
    noted = await note_sizes(db, ours)
    assert isinstance(noted, int)
    assert noted > 50
    await noted_yesterday(db)
    await run(ours, "INSERT INTO totals SELECT 'name ' || n, n FROM generate_series(1, 5000) AS n")
    for _ in range(2):
        await note_sizes(db, ours)
    since = today() - timedelta(days=7)
    found = await growth(db, "own", since, today())
    totals = next(one for one in found if one.name == "subpulse_sandbox.totals")
    assert (totals.kind, totals.until - totals.since) == ("table", timedelta(days=1))
    assert totals.bytes_a_day == totals.bytes - totals.bytes_before > 200_000
    assert found[0].kind == "database"


async def test_an_index_is_known_since_it_was_first_noted(db: Database, ours: Target) -> None:
    await note_sizes(db, ours)
    await noted_yesterday(db)
    await run(ours, "CREATE INDEX new ON totals (value)", "DROP INDEX posts_by_created")
    await note_sizes(db, ours)
    known = await first_seen(db, "own")
    assert known["subpulse_sandbox.new"] == today()
    assert known["subpulse_sandbox.posts_by_subreddit"] == today() - timedelta(days=1)
    assert "subpulse_sandbox.posts_by_created" not in known
    assert await first_seen(db, "elsewhere@localhost") == {}


async def test_a_watched_database_is_noted_under_its_name(db: Database, theirs: Target) -> None:
    await run(theirs, "CREATE TABLE sales (id int PRIMARY KEY)", "INSERT INTO sales VALUES (1)")
    assert await note_sizes(db, theirs) == 3
    found = await growth(db, theirs.name, today(), today())
    assert {(one.kind, one.name) for one in found} >= {
        ("table", "public.sales"),
        ("index", "public.sales_pkey"),
    }
    assert all(one.bytes_a_day is None for one in found)
