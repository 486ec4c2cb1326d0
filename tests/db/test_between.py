"""What happened between two moments."""

from datetime import UTC, datetime, timedelta

from db import between, runs
from db.database import Database

NOON = datetime(2026, 3, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def run(
    db: Database, hours: float, seconds: float | None, job: str = "prune", outcome: runs.Outcome = "succeeded"
) -> None:
    """A run that began so many hours after noon; without seconds it still goes on."""
    began = NOON + hours * HOUR
    run_id = await runs.start(db, job, "here", began, 0, {}, None)
    if seconds is not None:
        end = began + timedelta(seconds=seconds)
        await runs.finish(db, run_id, runs.Finish(outcome, end, seconds, 0.0, 0, 0, None, None))


async def jobs_of(db: Database, **options: object) -> list[str]:
    return [row["job"] for row in await between.runs(db, NOON, NOON + HOUR, **options)]  # type: ignore[arg-type]


async def test_runs_are_those_under_way_at_any_moment_of_the_range(db: Database) -> None:
    await run(db, -2, 3600, "ended before")
    await run(db, -2, 7300, "reaches in")
    await run(db, -1, None, "still runs")
    await run(db, 0.5, 10, "within")
    await run(db, 1, 10, "begins after")
    assert sorted(await jobs_of(db)) == ["reaches in", "still runs", "within"]


async def test_of_too_many_runs_the_failed_and_the_longest_are_told(db: Database) -> None:
    await run(db, 0.1, 100, "long")
    await run(db, 0.2, 1, "failed", "failed")
    await run(db, 0.3, 2, "short")
    assert await jobs_of(db, limit=2) == ["failed", "long"]
    assert await jobs_of(db, but=["long"]) == ["failed", "short"]


async def test_a_start_that_did_not_happen_is_no_run(db: Database) -> None:
    await runs.note_absent(db, "prune", "here", "missed", NOON, "late")
    assert await jobs_of(db) == []


async def test_job_runs_are_those_that_started_within_the_range(db: Database) -> None:
    for hours in (-0.1, 0.1, 0.2, 1.0):
        await run(db, hours, 1, "prune" if hours < 0.2 else "import")
    found = await between.job_runs(db, NOON, NOON + HOUR)
    assert [row["job"] for row in found] == ["import", "prune"]
    assert [row["job"] for row in await between.job_runs(db, NOON, NOON + HOUR, job="prune")] == ["prune"]
    assert await between.job_runs(db, NOON, NOON + HOUR, outcome="failed") == []


async def test_answers_of_a_range_end_with_it(db: Database) -> None:
    for at in (NOON - HOUR, NOON + timedelta(minutes=5), NOON + HOUR):
        await db.execute(
            "sources.add_answers",
            at=at,
            source="reddit",
            instance="here",
            outcome="alive",
            reason="",
            count=2,
        )
    (step,) = await between.answers(db, NOON, NOON + HOUR, 600)
    assert (step["at"], step["alive"], step["refused"]) == (NOON, 2, 0)
    assert await between.answers(db, NOON, NOON + HOUR, 600, "instagram") == []
    (row,) = await between.answer_reasons(db, NOON, NOON + HOUR)
    assert (row["source"], row["count"], row["last_at"]) == ("reddit", 2, NOON + timedelta(minutes=5))
