from datetime import UTC, datetime, timedelta

import pytest

from db.budget import Left
from jobs import verdicts
from jobs.alert_rules import MEMORY
from jobs.verdicts import Verdict

MIB = 2**20


def minutes_ago(minutes: float) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes)


CASES = {
    "no request": (verdicts.api(None, 0, 0), "good", "Quiet"),
    "quick": (verdicts.api(300.0, 0, 9), "good", "Healthy"),
    "slow": (verdicts.api(300.1, 0, 9), "warning", "Slow"),
    "an error": (verdicts.api(1.0, 1, 9), "bad", "Errors"),
    "a database in order": (verdicts.database(None, 0, 100, 0), "good", "Healthy"),
    "a slow query": (verdicts.database(None, 1, 100, 0), "warning", "Slow queries"),
    "a waiting request": (verdicts.database(None, 0, 100, 1), "warning", "Pool full"),
    "a database that is down": (verdicts.database("refused", 9, 100, 9), "bad", "Down"),
    "no lookup": (verdicts.cache(0, 0), "good", "Quiet"),
    "half hits": (verdicts.cache(10, 10), "good", "Healthy"),
    "few hits of many": (verdicts.cache(9, 11), "warning", "Few hits"),
    "few hits of few": (verdicts.cache(0, 19), "good", "Healthy"),
    "nothing to do": (verdicts.jobs(0, 0, None, True), "good", "Idle"),
    "at work": (verdicts.jobs(2, 500, None, True), "good", "Running 2"),
    "a long queue": (verdicts.jobs(2, 501, None, True), "warning", "Running 2"),
    "a fresh failure": (verdicts.jobs(0, 0, ("prune", minutes_ago(14)), True), "warning", "Idle"),
    "an old failure": (verdicts.jobs(0, 0, ("prune", minutes_ago(16)), True), "good", "Idle"),
    "no worker": (verdicts.jobs(0, 0, None, False), "bad", "Stopped"),
    "not asked": (verdicts.sources("reddit", None, 0, 0), "unknown", "Not asked yet"),
    "answering": (verdicts.sources("reddit", Left(500, 1000, 60), 5, 0), "good", "Alive"),
    "some failures": (verdicts.sources("reddit", Left(500, 1000, 60), 5, 9), "good", "Alive"),
    "only failures": (verdicts.sources("reddit", Left(500, 1000, 60), 0, 1), "bad", "No answers"),
    "a spent budget": (verdicts.sources("reddit", Left(49, 1000, 60), 5, 0), "warning", "Budget low"),
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
    assert pages == {"endpoints", "slow-queries", "cache", "jobs", "overview"}


def test_the_figure_stands_beside_the_word() -> None:
    def detail(verdict: Verdict) -> str:
        return verdict.detail

    assert "2 of 9 requests" in detail(verdicts.api(1.0, 2, 9))
    assert "1,234 over 100 ms" in detail(verdicts.database(None, 1234, 100, 0))
    assert len(detail(verdicts.database("x" * 500, 0, 100, 0))) == 80
    assert "33.3 %" in detail(verdicts.cache(1, 2))
    assert "14 min ago: prune" in detail(verdicts.jobs(0, 0, ("prune", minutes_ago(14)), True))
    assert "3 h ago" in detail(verdicts.jobs(0, 0, ("prune", minutes_ago(180)), True))
    assert "500" in detail(verdicts.sources("reddit", Left(500, 1000, 60), 5, 0))
    assert "2 min" in detail(verdicts.memory(1, 100, minutes_ago(2.01)))


def test_the_memory_verdict_and_the_memory_alert_agree_on_what_is_bad() -> None:
    assert MEMORY.fire_above == verdicts.MEMORY_BAD_PERCENT
    assert MEMORY.clear_below == verdicts.MEMORY_WARNING_PERCENT
