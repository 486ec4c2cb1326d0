from datetime import UTC, datetime, timedelta

from db import dashboard, runs
from db.database import Database
from tests.factories import post, subreddit
from tests.stored import keep, keep_posts, sql


async def test_each_jobs_last_day_is_summed_up(db: Database) -> None:
    now = datetime.now(UTC)
    for outcome, seconds, peak, items in (
        ("succeeded", 1.0, 150, 5),
        ("succeeded", 3.0, 300, None),
        ("failed", 2.0, 100, None),
    ):
        number = await runs.start(db, "prune", "me", now, 100, {}, None)
        how = runs.Finish(outcome, now, seconds, 0.1, peak, 90, items, None)
        await runs.finish(db, number, how)
    await runs.start(db, "prune", "me", now, 100, {}, None)
    await runs.note_absent(db, "prune", "me", "skipped", now + timedelta(hours=1), "busy")
    old = await runs.start(db, "prune", "me", now - timedelta(days=2), 100, {}, None)
    await runs.finish(db, old, runs.Finish("lost", now, 99.0, 0.1, 9999, 90, 1000, None))
    (row,) = await dashboard.by_job(db)
    assert (row["runs"], row["failures"], row["absent"], row["running"]) == (3, 1, 1, 1)
    assert (row["mean_seconds"], row["max_seconds"], row["memory_rise"], row["items"]) == (2.0, 3.0, 200, 5)
    assert row["last_started_at"] == row["last_failed_at"] == now


async def test_controls_tell_who_is_paused(db: Database) -> None:
    await runs.may_start(db, "prune", timedelta(minutes=1))
    await runs.pause(db, "recover", True)
    found = {row["job"]: (row["paused"], row["ticked_at"] is None) for row in await dashboard.controls(db)}
    assert found == {"prune": (False, False), "recover": (True, True)}


async def test_growth_is_of_one_community_within_a_span_oldest_first(db: Database) -> None:
    await keep(db, subreddit(), subreddit(id="t5_2", name="Kettles", subscribers=5))
    for hours, subscribers in ((2, 1100), (30, 1000)):
        await sql(
            db,
            "INSERT INTO subreddit_snapshots VALUES ('t5_1', date_trunc('hour', now()) - %s, %s)",
            timedelta(hours=hours),
            subscribers,
        )
    rows = await dashboard.growth(db, "TEAPOTS", timedelta(days=1))
    assert [row["subscribers"] for row in rows] == [1100, 1200]
    assert len(await dashboard.growth(db, "teapots", timedelta(days=7))) == 3
    assert await dashboard.growth(db, "nobody", timedelta(days=7)) == []


async def test_posts_of_one_community_come_newest_first(db: Database) -> None:
    await keep(db, subreddit(), subreddit(id="t5_2", name="Kettles"))
    day = datetime(2026, 11, 1, tzinfo=UTC)
    await keep_posts(
        db,
        *(post(id=f"t3_{n}", title=f"Teapot {n}", created_at=day + timedelta(hours=n)) for n in range(3)),
        post(id="t3_9", subreddit_id="t5_2"),
    )
    rows = await dashboard.recent_posts(db, "teapots", 2)
    assert [row["title"] for row in rows] == ["Teapot 2", "Teapot 1"]
