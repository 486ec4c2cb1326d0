from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.budget import Left
from db.diagnosis.locks import Blocked
from db.sources import Credentials, Heard
from jobs import verdicts
from jobs.alert_rules import MEMORY
from jobs.source_health import SourceHealth
from jobs.verdicts import Verdict

MIB = 2**20


def minutes_ago(minutes: float) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes)


def in_days(days: float) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


def health(reason: str | None = None, left: float = 500, **figures: Any) -> SourceHealth:
    """Reddit with so many calls left of 1,000; every figure is a field of Heard or of Credentials."""
    counts = {name: figures.pop(name) for name in ("alive", "refused", "unknown") if name in figures}
    reasons = {reason: max(counts.get("refused", 0), counts.get("unknown", 0))} if reason else {}
    return SourceHealth(
        "reddit",
        heard=Heard(**counts, reasons=reasons),
        budget=Left(left, 1000, 60),
        credentials=Credentials(**figures),
    )


def instagram(**told: Any) -> SourceHealth:
    return SourceHealth("instagram", heard=Heard(alive=5), credentials=Credentials(**told))


CASES = {
    "no request": (verdicts.api(None, 0, 0, 300.0), "good", "Quiet"),
    "quick": (verdicts.api(300.0, 0, 9, 300.0), "good", "Healthy"),
    "slow": (verdicts.api(300.1, 0, 9, 300.0), "warning", "Slow"),
    "an error": (verdicts.api(1.0, 1, 9, 300.0), "bad", "Errors"),
    "a database in order": (verdicts.database(None, 0, 100, 0), "good", "Healthy"),
    "a slow query": (verdicts.database(None, 1, 100, 0), "warning", "Slow queries"),
    "one slow query in a thousand": (
        verdicts.database(None, 5, 100, 0, statements=5_000),
        "good",
        "Healthy",
    ),
    "more than one in a thousand": (
        verdicts.database(None, 6, 100, 0, statements=5_000),
        "warning",
        "Slow queries",
    ),
    "a waiting request": (verdicts.database(None, 0, 100, 1), "warning", "Pool full"),
    "a database that is down": (verdicts.database("refused", 9, 100, 9), "bad", "Down"),
    "a blocked statement": (verdicts.database(None, 1, 100, 0, Blocked(1, 59.0)), "warning", "Blocked"),
    "one blocked too long": (verdicts.database(None, 0, 100, 0, Blocked(2, 60.0)), "bad", "Blocked"),
    "no lookup": (verdicts.cache(0, 0), "good", "Quiet"),
    "a third of hits": (verdicts.cache(33, 67), "good", "Healthy"),
    "few hits of many": (verdicts.cache(32, 68), "warning", "Few hits"),
    "few hits of few": (verdicts.cache(0, 99), "good", "Healthy"),
    "nothing to do": (verdicts.jobs(0, 0, None, True), "good", "Idle"),
    "at work": (verdicts.jobs(2, 500, None, True), "good", "Running 2"),
    "a long queue": (verdicts.jobs(2, 501, None, True), "warning", "Running 2"),
    "a fresh failure": (verdicts.jobs(0, 0, ("prune", minutes_ago(14)), True), "warning", "Run failed"),
    "an old failure": (verdicts.jobs(0, 0, ("prune", minutes_ago(16)), True), "good", "Idle"),
    "no worker": (verdicts.jobs(0, 0, None, False), "bad", "Stopped"),
    "not asked": (verdicts.sources([]), "unknown", "Not asked yet"),
    "not asked for a while": (
        verdicts.sources([SourceHealth("instagram", last_alive_at=minutes_ago(20))]),
        "good",
        "Quiet",
    ),
    "not asked since it failed": (
        verdicts.sources([replace(health(), last_alive_at=minutes_ago(99), last_failed_at=minutes_ago(9))]),
        "bad",
        "No answers",
    ),
    "not asked since it answered again": (
        verdicts.sources([replace(health(), last_alive_at=minutes_ago(8), last_failed_at=minutes_ago(9))]),
        "good",
        "Alive",
    ),
    "answering": (verdicts.sources([health(alive=5)]), "good", "Alive"),
    "some failures": (verdicts.sources([health(alive=5, unknown=9)]), "good", "Alive"),
    "only refusals of communities": (verdicts.sources([health(refused=9)]), "good", "Alive"),
    "only failures": (verdicts.sources([health(unknown=1)]), "bad", "No answers"),
    "only block pages": (verdicts.sources([health("unknown:blocked", unknown=3)]), "bad", "Blocked"),
    "some block pages": (
        verdicts.sources([health("unknown:blocked", unknown=3, alive=1)]),
        "warning",
        "Blocked at times",
    ),
    "a block page among many answers": (
        verdicts.sources([health("unknown:blocked", unknown=1, alive=19)]),
        "good",
        "Alive",
    ),
    "refused credentials": (
        verdicts.sources([health("refused:unauthorized", refused=3)]),
        "bad",
        "Token refused",
    ),
    "a token said to be refused": (
        verdicts.sources([health(alive=5, token_problem="expired")]),
        "bad",
        "Token refused",
    ),
    "a spent budget": (verdicts.sources([health(left=49, alive=5)]), "warning", "Budget low"),
    "a quota that runs dry": (verdicts.sources([instagram(quota_percent=81)]), "warning", "Quota low"),
    "a quota with room": (verdicts.sources([instagram(quota_percent=80)]), "good", "Alive"),
    "a dry quota": (verdicts.sources([instagram(quota_percent=100)]), "bad", "Quota used up"),
    "a throttled account": (
        verdicts.sources([instagram(quota_back_at=in_days(0.1))]),
        "bad",
        "Quota used up",
    ),
    "a moment's rest with room in the quota": (
        verdicts.sources([instagram(quota_percent=15, quota_back_at=minutes_ago(-1))]),
        "good",
        "Resting",
    ),
    "a long rest with room in the quota": (
        verdicts.sources([instagram(quota_percent=15, quota_back_at=minutes_ago(-3))]),
        "warning",
        "Resting",
    ),
    "a rest with a quota that is nearly dry": (
        verdicts.sources([instagram(quota_percent=96, quota_back_at=minutes_ago(-1))]),
        "bad",
        "Quota used up",
    ),
    "an account throttled before": (
        verdicts.sources([instagram(quota_back_at=in_days(-1))]),
        "good",
        "Alive",
    ),
    "a token with six days left": (
        verdicts.sources([instagram(token_expires_at=in_days(6))]),
        "warning",
        "Token ends soon",
    ),
    "a token with eight days left": (
        verdicts.sources([instagram(token_expires_at=in_days(8))]),
        "good",
        "Alive",
    ),
    "an ended token": (verdicts.sources([instagram(token_expires_at=in_days(-1))]), "bad", "Token ended"),
    "a token that renews itself": (
        verdicts.sources([health(alive=1, token_expires_at=in_days(0.1))]),
        "good",
        "Alive",
    ),
    "a source beside one that was not asked": (
        verdicts.sources([health(alive=1), SourceHealth("instagram")]),
        "good",
        "Alive",
    ),
    "a source beside one that fails": (
        verdicts.sources([health(alive=1), instagram(token_problem="expired")]),
        "bad",
        "Token refused",
    ),
    "little memory": (verdicts.memory(75 * MIB, 100 * MIB, None), "good", "75 % of limit"),
    "much memory": (verdicts.memory(76 * MIB, 100 * MIB, None), "warning", "76 % of limit"),
    "too much memory": (verdicts.memory(81 * MIB, 100 * MIB, None), "bad", "81 % of limit"),
    "a firing alert": (verdicts.memory(10 * MIB, 100 * MIB, minutes_ago(2)), "bad", "10 % of limit"),
}


@pytest.mark.parametrize("case", CASES)
def test_each_case_has_its_state_and_word(case: str) -> None:
    verdict, state, word = CASES[case]
    assert (verdict.state, verdict.word) == (state, word)
    assert verdict.detail


def test_a_verdict_leads_to_the_page_that_says_more() -> None:
    pages = {verdict.page for verdict, _, _ in CASES.values()}
    assert pages == {"endpoints", "database", "cache", "jobs", "sources", "system"}


def test_the_figure_stands_beside_the_word() -> None:
    def detail(verdict: Verdict) -> str:
        return verdict.detail

    assert "2 of 9 requests" in detail(verdicts.api(1.0, 2, 9, 300.0))
    assert "1,234 over 100 ms" in detail(verdicts.database(None, 1234, 100, 0))
    assert len(detail(verdicts.database("x" * 500, 0, 100, 0))) == 80
    assert "33.3 %" in detail(verdicts.cache(1, 2))
    assert "prune, 14 min ago" in detail(verdicts.jobs(0, 0, ("prune", minutes_ago(14)), True))
    assert "3 h ago" in detail(verdicts.jobs(0, 0, ("prune", minutes_ago(180)), True))
    assert detail(verdicts.sources([health(alive=5)])) == "500 of 1,000 calls left"
    assert detail(verdicts.sources([health(unknown=5)])) == "5 requests failed in 5 min"
    both = [health(alive=5), instagram(token_expires_at=in_days(3.01))]
    assert detail(verdicts.sources(both)) == "Instagram: in 3 d"
    throttled = instagram(quota_back_at=datetime.now(UTC) + timedelta(minutes=30.1))
    assert detail(verdicts.sources([throttled])) == "answers again in 30 min"
    assert "address or user agent" in detail(verdicts.sources([health("unknown:blocked", unknown=3)]))
    assert "2 min" in detail(verdicts.memory(1, 100, minutes_ago(2.01)))


def test_the_memory_verdict_and_the_memory_alert_agree_on_what_is_bad() -> None:
    assert MEMORY.fire_above == verdicts.MEMORY_BAD_PERCENT
    assert MEMORY.clear_below == verdicts.MEMORY_WARNING_PERCENT
