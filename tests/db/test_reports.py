"""Reports are kept as they were made, and told as text in which nothing from outside means anything."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db import reports
from db.database import Database
from db.diagnosis.abilities import Unanswered
from db.diagnosis.analyze import StaleTable
from db.diagnosis.bloat import Bloat
from db.diagnosis.finding import Finding
from db.diagnosis.workload import Statement, Workload
from db.report_costs import others_costs
from db.report_text import markdown
from db.reports import Costs, Counters, MissingIndex, Report, StatementCost
from tests.stored import sql

NOW = datetime(2026, 11, 26, 14, 5, tzinfo=UTC)
DAY = timedelta(days=1)


def cost(statement: str = "posts.page", **changed: Any) -> StatementCost:
    usual = StatementCost(statement, None, 1200, 60.0, 75.0, 0.05, 0.2, 40.0, 0.0501)
    return replace(usual, **changed)


def a_report(**changed: Any) -> Report:
    """One with an entry of each kind."""
    usual = Report(
        "own",
        NOW,
        own=Costs(NOW - 7 * DAY, NOW, 1500, 80.0, 81.0, (cost(), cost("runs.tick", seconds_before=0.0))),
        others=Costs(
            NOW - 7 * DAY, NOW, 3, 9.0, None, (cost("SELECT $1", role="reports", p95_seconds=None),)
        ),
        findings=(
            Finding(
                "bad",
                "An unused index",
                "It was never read.",
                "DROP INDEX idle",
                "CREATE INDEX idle ON t (a)",
            ),
        ),
        missing_indexes=(
            MissingIndex(
                "public.t", ("a", "b descending"), "It is read by a.", "CREATE …", "DROP …", 2**20, 60.0
            ),
        ),
        bloat=(Bloat("public.t", "public.t", 400 * 2**20, 100 * 2**20),),
        stale=(StaleTable("public.t", "public.t has no statistics.", None),),
        unanswered=(Unanswered("Nobody may look.", "GRANT pg_monitor TO me"),),
    )
    return replace(usual, **changed)


async def test_a_report_comes_back_as_it_was_kept(db: Database) -> None:
    number = await reports.add(db, a_report())
    assert await reports.one(db, "own", number) == a_report()
    assert await reports.one(db, "shop@localhost", number) is None, "it is another's"


async def test_reports_of_a_database_are_told_newest_first(db: Database) -> None:
    for days in (3, 1, 2):
        await reports.add(db, a_report(at=NOW - days * DAY))
    await reports.add(db, a_report(target="shop@localhost"))
    assert [NOW - one.at for one in await reports.newest(db, "own")] == [DAY, 2 * DAY, 3 * DAY]


def ran(calls: int, seconds: float, **changed: Any) -> Statement:
    usual = Statement("7", "reports", True, "SELECT  $1", calls, seconds, calls, 0, 0, None, False)
    return replace(usual, **changed)


def counted(*statements: Statement, since: datetime = NOW - 30 * DAY) -> Workload:
    return Workload(statements, since, 0, 0.0)


def test_what_others_ran_is_the_difference_to_the_report_before() -> None:
    first, counters = others_costs(
        counted(ran(100, 10.0), ran(5, 99.0, id="8", is_ours=True)), None, NOW - 7 * DAY
    )
    (one,) = first.statements
    assert (one.statement, one.calls, one.change, first.since) == ("SELECT $1", 100, None, NOW - 30 * DAY)
    then, counters = others_costs(counted(ran(160, 16.0)), counters, NOW)
    (one,) = then.statements
    assert (one.calls, one.seconds, one.share_percent, then.since) == (
        60,
        pytest.approx(6.0),
        100.0,
        NOW - 7 * DAY,
    )
    assert one.seconds_before == pytest.approx(10.0 * 7 / 23), "as if the time before had been as long"
    assert (one.change, one.mean_change) == ("▲ 97 % more", "≈ alike")
    new, _ = others_costs(counted(ran(160, 16.0), ran(1, 1.0, id="9")), counters, NOW + 7 * DAY)
    assert [one.change for one in new.statements] == ["new"]


def test_what_was_counted_anew_is_told_since_then() -> None:
    _, counters = others_costs(counted(ran(100, 10.0)), None, NOW - 7 * DAY)
    costs, _ = others_costs(counted(ran(3, 1.0), since=NOW - DAY), counters, NOW)
    assert (costs.since, costs.calls) == (NOW - DAY, 3)


def counters(at: datetime) -> Counters:
    return Counters(at, counted(ran(1, 1.0)), at - DAY, ())


async def compared_with(db: Database, at: datetime) -> datetime | None:
    found = await reports.counters_before(db, "own", at)
    return None if found is None else found.at


async def test_a_report_by_hand_in_between_does_not_shorten_the_next_ones_period(db: Database) -> None:
    assert await compared_with(db, NOW) is None
    for days in (14, 7, 2):
        at = NOW - days * DAY
        await reports.add(db, a_report(at=at), counters(at))
    assert await compared_with(db, NOW) == NOW - 7 * DAY
    await reports.add(db, a_report(), counters(NOW))
    kept = await sql(db, "SELECT at FROM database_reports WHERE counters IS NOT NULL ORDER BY at")
    assert [NOW - at for (at,) in kept] == [7 * DAY, 2 * DAY, 0 * DAY], "older ones are of no use any more"
    oldest = await compared_with(db, NOW - 10 * DAY)
    assert oldest == NOW - 7 * DAY, "the oldest there are, where none is old enough"


def test_a_report_is_told_as_markdown() -> None:
    text = markdown(a_report())
    for line in (
        "# Database own, 2026-11-26",
        "- **bad: An unused index.** It was never read.",
        "  DROP INDEX idle",
        "From 2026-11-19 14:05 to 2026-11-26 14:05 UTC: 1,500 calls, 80.0 s in all; to the time before: ≈ alike.",
        "| `posts.page` | 60.00 | 75.0 | ▲ 50 % more | 1,200 | 50.00 | ≈ alike | 200.00 |",
        "| `runs.tick` | 60.00 | 75.0 | new | 1,200 | 50.00 | ≈ alike | 200.00 |",
        "| `SELECT $1` (reports) | 60.00 | 75.0 | ▲ 50 % more | 1,200 | 50.00 | ≈ alike | — |",
        "- **public.t (a, b descending).** It is read by a.",
        "| `public.t` | 400 MiB | 100 MiB | 25 |",
        "- public.t has no statistics. Analyzed.",
        "- Nobody may look.",
    ):
        assert line in text.splitlines(), text


def test_a_healthy_databases_report_says_so() -> None:
    text = markdown(Report("own", NOW))
    for sentence in (
        "Nothing is wrong",
        "No statement of these days lacks",
        "no table or index",
        "are fresh",
    ):
        assert sentence in text
    assert "Not known" not in text


def test_a_report_that_failed_says_why() -> None:
    text = markdown(Report("shop@localhost", NOW, failure="connection <refused>"))
    assert r"**There is no report:** connection \<refused\>" in text
    assert "##" not in text


def test_text_of_a_watched_server_breaks_out_of_nothing() -> None:
    text = markdown(
        a_report(
            others=Costs(NOW, NOW, 1, 1.0, None, (cost("SELECT '`|\n<b>'", role="[a](b)"),)),
            findings=(Finding("watch", "Odd", "<script>", "SELECT '\n```\n# Owned'"),),
        )
    )
    assert r"| `SELECT ''\| <b>'` (\[a\](b)) |" in text
    assert r"**watch: Odd.** \<script\>" in text
    assert "  ````sql\n  SELECT '\n  ```\n  # Owned'\n  ````" in text
