from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import orjson
import pytest

from db import alerts, runs, samples, sources
from db.alerts import Change
from db.database import Database
from db.diagnosis import locks
from db.diagnosis.target import own
from jobs.present import Over, Present
from jobs.runtime import Runtime
from tests.db.diagnosis.others import Other, another
from tests.factories import subreddit
from tests.stored import keep, sql
from tests.waiting import beside, until, until_found


class Counts:
    hits = misses = entries = 0

    def __call__(self) -> tuple[int, int, int]:
        return self.hits, self.misses, self.entries


@pytest.fixture
def counts() -> Counts:
    return Counts()


@pytest.fixture
def present(runtime: Runtime, counts: Counts) -> Present:
    return Present(runtime.context, runtime.jobs, counts, lambda: True)


def verdicts(present: Present) -> dict[str, tuple[str, str]]:
    return {one["name"]: (one["state"], one["word"]) for one in present.part().now["verdicts"]}


async def read(present: Present) -> None:
    """Until what PostgreSQL knows was read once."""
    before = present.stored
    async with beside(present.read_forever()):
        await until(lambda: present.stored is not before)


async def test_before_anything_was_read_it_already_says_what_it_knows(present: Present) -> None:
    part = present.part()
    assert part.series["rss"] is not None
    assert part.series["subreddits"] is part.series["p95"] is part.series["hit_rate"] is None
    assert verdicts(present) == {
        "API": ("good", "Quiet"),
        "Database": ("good", "Healthy"),
        "Cache": ("good", "Quiet"),
        "Jobs": ("good", "Idle"),
        "Sources": ("unknown", "Not asked yet"),
        "Memory": verdicts(present)["Memory"],
    }
    assert part.now["source"] == {"name": "sandbox", "sandbox": True}
    assert orjson.dumps({"series": part.series, "runs": part.runs, "now": part.now})


async def test_what_postgresql_knows_is_in_the_next_frame(present: Present, db: Database) -> None:
    await keep(db, subreddit())
    await present.context.budget.take()
    me = present.context.instance
    run = await runs.start(db, "prune", me, datetime.now(UTC), 100, {}, None)
    await runs.finish(db, run, runs.Finish("failed", datetime.now(UTC), 1, 0.1, 150, 90, None, "no"))
    await runs.start(db, "sample_process", me, datetime.now(UTC), 100, {}, None)
    await alerts.state(db, "memory", me)
    await alerts.change(db, Change("memory", me, "ok", "firing", 90, 80, "Memory at 90 %"))
    await read(present)
    part = present.part()
    assert (part.series["subreddits"], part.series["posts"]) == (1, 0)
    (shown,) = part.runs
    assert (shown["id"], shown["job"], shown["outcome"], shown["rise"]) == (run, "prune", "failed", 50)
    assert [(alert["message"], alert["page"]) for alert in part.now["alerts"]] == [
        ("Memory at 90 %", "system")
    ]
    found = verdicts(present)
    assert (found["Jobs"][0], found["Sources"][1], found["Memory"][0]) == ("warning", "Alive", "bad")


async def test_a_statement_that_waits_for_a_lock_for_long_is_told(
    present: Present, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def is_known() -> bool:
        return (await locks.blocked(db)).count == 1

    async with another(own(db)) as first, another(own(db)) as second:
        await first.execute("LOCK TABLE posts")
        async with beside(_run(second, "SELECT FROM posts")):
            await read(present)
            assert verdicts(present)["Database"] == ("good", "Healthy"), "not for long yet"
            monkeypatch.setattr(locks, "LONG_WAIT_SECONDS", 0.0)
            await until_found(is_known)
            await read(present)
            assert verdicts(present)["Database"] == ("warning", "Blocked")
            await first.rollback()
    await read(present)
    assert verdicts(present)["Database"] == ("good", "Healthy")


async def _run(other: Other, statement: LiteralString) -> None:
    await other.execute(statement)


async def test_each_source_is_told_with_its_figures_and_its_verdict(present: Present, db: Database) -> None:
    growth = {"requests": 10, "alive": 3, "unknown": 7, "unknown:blocked": 7}
    await sources.add_answers(db, "another process", "sandbox", datetime.now(UTC), growth)
    assert present.part().now["sources"] == []
    await read(present)
    told, *_ = present.part().now["sources"]
    assert (told["name"], told["sandbox"], told["requests_per_minute"]) == ("sandbox", True, 2)
    assert (told["alive"], told["refused"], told["unknown"]) == (3, 0, 7)
    assert told["reasons"] == {"unknown:blocked": 7}
    assert (told["verdict"]["state"], told["verdict"]["word"]) == verdicts(present)["Sources"]
    assert told["verdict"]["word"] == "Blocked at times"


async def test_an_outage_leaves_what_was_last_told_of_the_sources(
    present: Present, db: Database, going_away: Callable[[bool], None]
) -> None:
    await sources.add_answers(db, "me", "sandbox", datetime.now(UTC), {"alive": 3})
    await read(present)
    going_away(True)
    async with beside(present.read_forever()):
        told, *_ = present.part().now["sources"]
    assert told["alive"] == 3


async def test_a_run_seen_running_is_shown_ended_however_long_the_reading_took(
    present: Present, db: Database
) -> None:
    run = await runs.start(db, "prune", "me", datetime.now(UTC), 100, {}, None)
    await read(present)
    long_ago = datetime.now(UTC) - timedelta(minutes=1)  # as if nothing had been read since
    await runs.finish(db, run, runs.Finish("succeeded", long_ago, 1, 0.1, 150, 90, None, None))
    await read(present)
    assert [shown["outcome"] for shown in present.part().runs] == ["succeeded"]
    await read(present)
    assert present.part().runs == []


async def test_requests_per_second_and_quantiles_are_those_of_the_last_ten_seconds(present: Present) -> None:
    for _ in range(9):
        present.context.requests.add("/api/stats", "GET", 200, 0.1)
    present.context.requests.add("/api/stats", "GET", 500, 0.1)
    part = present.part()
    assert (part.series["requests"], part.series["errors"]) == (10, 1)
    assert part.series["p95"] == pytest.approx(100, rel=0.0101)
    assert present.part().series["requests"] == 5
    assert verdicts(present)["API"] == ("bad", "Errors")


async def test_the_hit_rate_is_that_of_the_last_minutes(present: Present, counts: Counts) -> None:
    counts.hits, counts.misses = 1000, 0
    assert present.part().series["hit_rate"] is None
    counts.hits, counts.misses = 1003, 1
    assert present.part().series["hit_rate"] == 75


async def test_an_outage_leaves_the_last_reading_and_is_said(
    present: Present, db: Database, going_away: Callable[[bool], None]
) -> None:
    await keep(db, subreddit())
    await read(present)
    stored = present.stored
    going_away(True)
    async with beside(present.read_forever()):
        assert present.part().series["subreddits"] == 1
    assert present.stored is stored
    assert verdicts(present)["Database"] == ("bad", "Down")


async def test_a_restart_recalls_the_last_fifteen_minutes(present: Present, db: Database) -> None:
    now = datetime.now(UTC)
    await sql(db, "UPDATE rolled_up SET until = until - interval '1 hour'")
    for minutes, value in ((20, 1.0), (10, 2.0), (5, 3.0)):
        at = now - timedelta(minutes=minutes)
        await samples.add(db, present.context.process_name, "before", at, {"p95": value, "threads": 5.0})
    await samples.add(db, "worker", "another", now, {"p95": 9.0})
    await present.recall()
    history: dict[str, Any] = orjson.loads(present.context.pulse.history().data)
    assert history["series"] == {"p95": [2.0, 3.0]}
    assert history["at"] == [(now.timestamp() - ago) // 10 * 10 for ago in (600, 300)]


def test_growth_is_counted_within_a_span() -> None:
    over = Over(timedelta(seconds=3))
    assert [over.add([count]) for count in (5, 7, 7, 10, 10, 10)] == [[0], [2], [2], [3], [3], [0]]
