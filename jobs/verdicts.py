"""Is it healthy? One verdict per part, judged here, so that pages only show it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from db.budget import Left
from db.diagnosis.locks import TOO_LONG_WAIT_SECONDS, Blocked
from jobs.alert_rules import MEMORY
from jobs.source_health import INSTAGRAM, SourceHealth

State = Literal["good", "warning", "bad", "unknown"]
FEW_HITS_PERCENT = (
    33.0  # our own look at /health, kept for a second, is a miss: one in three while nobody else asks
)
HITS_WORTH_JUDGING = 100  # fewer are mostly the first of their kind
SLOW_WARNING_SHARE = 0.001  # of the statements; one that met a busy moment says nothing of the database
MEMORY_WARNING_PERCENT = MEMORY.clear_below
MEMORY_BAD_PERCENT = MEMORY.fire_above
BUDGET_WARNING_SHARE = 0.05  # jobs plan with nine tenths; below this, something unplanned spends
QUEUE_WARNING = 500
QUOTA_WARNING_PERCENT = 80.0
SHORT_REST = timedelta(minutes=2)  # too much at once, where the quota has room; nobody need do anything
BLOCKED_WARNING_SHARE = 0.05  # a block page now and then is met by everybody
TOKEN_WARNING = timedelta(days=7)  # time enough to get another one by hand
NOBODY = Blocked()
RANK: dict[State, int] = {"unknown": 0, "good": 1, "warning": 2, "bad": 3}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One part's state as a word with its figure, and the page that says more."""

    name: str
    state: State
    word: str
    detail: str
    page: str


def api(p95_ms: float | None, errors: int, requests: int, objective_ms: float) -> Verdict:
    """Over the last ten seconds, against what p95 is held to."""
    if requests and errors:
        return Verdict("API", "bad", "Errors", f"{errors} of {requests} requests failed", "endpoints")
    if p95_ms is None:
        return Verdict("API", "good", "Quiet", "no requests in 10 s", "endpoints")
    detail = f"p95 {p95_ms:,.0f} ms of {objective_ms:g}"
    if p95_ms > objective_ms:
        return Verdict("API", "warning", "Slow", detail, "endpoints")
    return Verdict("API", "good", "Healthy", detail, "endpoints")


def database(
    down_reason: str | None,
    slow_queries: int,
    slow_ms: float,
    waiting: int,
    blocked: Blocked = NOBODY,
    statements: int = 0,
) -> Verdict:
    """Slow ones among the statements of the last five minutes, and who waits for a connection or, for long, for a
    lock."""
    if down_reason is not None:
        return Verdict("Database", "bad", "Down", down_reason[:80], "database")
    if waiting:
        return Verdict("Database", "warning", "Pool full", f"{waiting} wait for a connection", "database")
    if blocked.count:
        state: State = "bad" if blocked.longest_seconds >= TOO_LONG_WAIT_SECONDS else "warning"
        wait = "statement waits" if blocked.count == 1 else "statements wait"
        longest = _rounded(timedelta(seconds=blocked.longest_seconds))
        detail = f"{blocked.count:,} {wait} for a lock, the longest {longest}"
        return Verdict("Database", state, "Blocked", detail, "database")
    detail = f"{slow_queries:,} over {slow_ms:,.0f} ms in 5 min"
    if slow_queries > SLOW_WARNING_SHARE * statements:
        return Verdict("Database", "warning", "Slow queries", detail, "database")
    return Verdict("Database", "good", "Healthy", detail, "database")


def cache(hits: int, misses: int) -> Verdict:
    """Over the last five minutes; a handful of lookups proves nothing."""
    asked = hits + misses
    if not asked:
        return Verdict("Cache", "good", "Quiet", "no lookups in 5 min", "cache")
    rate = 100 * hits / asked
    detail = f"hit rate {rate:.1f} % in 5 min"
    if rate < FEW_HITS_PERCENT and asked >= HITS_WORTH_JUDGING:
        return Verdict("Cache", "warning", "Few hits", detail, "cache")
    return Verdict("Cache", "good", "Healthy", detail, "cache")


def jobs(running: int, waiting: int, last_failure: tuple[str, datetime] | None, working: bool) -> Verdict:
    """The queue, and the last failure of 24 hours."""
    if not working:
        return Verdict("Jobs", "bad", "Stopped", "no worker in this process", "jobs")
    word = f"Running {running}" if running else "Idle"
    if waiting > QUEUE_WARNING:
        return Verdict("Jobs", "warning", word, f"{waiting:,} batches wait", "jobs")
    if last_failure is not None:
        name, at = last_failure
        minutes = (datetime.now(UTC) - at).total_seconds() / 60
        ago = f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.0f} h"
        if minutes < 15:
            return Verdict("Jobs", "warning", "Run failed", f"{name}, {ago} ago", "jobs")
        return Verdict("Jobs", "good", word, f"failed {ago} ago: {name}", "jobs")
    return Verdict("Jobs", "good", word, "no failure in 24 h", "jobs")


def sources(healths: Sequence[SourceHealth]) -> Verdict:
    """That of the source that does worst; of the first, the communities', when all do alike."""
    if not healths:
        return Verdict("Sources", "unknown", "Not asked yet", "no source was asked yet", "sources")
    worst = max(healths, key=lambda health: RANK[source(health).state])
    verdict = source(worst)
    whose = f"{worst.label}: " if len(healths) > 1 and verdict.state in ("warning", "bad") else ""
    return replace(verdict, name="Sources", detail=f"{whose}{verdict.detail}")


def source(health: SourceHealth) -> Verdict:
    """How one source answered in the last five minutes, what it says of our token, and what it still allows."""
    heard, told = health.heard, health.credentials
    unauthorized = heard.reasons.get("refused:unauthorized", 0)
    blocked = heard.reasons.get("unknown:blocked", 0)
    answered = heard.alive + heard.refused - unauthorized
    if told.token_problem or (unauthorized and not answered):
        return _of(health, "bad", "Token refused", told.token_problem or f"{unauthorized} requests in 5 min")
    if blocked and (not answered or blocked > BLOCKED_WARNING_SHARE * (answered + heard.unknown)):
        detail = f"refuses our address or user agent, {_times(blocked)} in 5 min"
        state: State = "warning" if answered else "bad"
        return _of(health, state, "Blocked at times" if answered else "Blocked", detail)
    if heard.unknown and not answered:
        return _of(health, "bad", "No answers", f"{heard.unknown:,} requests failed in 5 min")
    return _of_limits(health) or _in_order(health)


def _of_limits(health: SourceHealth) -> Verdict | None:
    """What is about to stop it, or None."""
    told, budget, now = health.credentials, health.budget, datetime.now(UTC)
    quota = told.quota_percent or 0.0
    back_in = told.quota_back_at - now if told.quota_back_at else timedelta(0)
    if back_in > timedelta(0):
        again = f"answers again in {_rounded(back_in)}"
        if told.quota_percent is None or quota > QUOTA_WARNING_PERCENT:
            return _of(health, "bad", "Quota used up", again)
        return _of(health, "good" if back_in <= SHORT_REST else "warning", "Resting", again)
    if quota >= 100:
        return _of(health, "bad", "Quota used up", f"{quota:.0f} % of {told.quota_name or 'its limit'} used")
    if quota > QUOTA_WARNING_PERCENT:
        return _of(health, "warning", "Quota low", f"{quota:.0f} % of {told.quota_name or 'its limit'} used")
    if health.name == INSTAGRAM and told.token_expires_at:  # of the others each renews its own
        left = told.token_expires_at - now
        if left <= timedelta(0):
            return _of(health, "bad", "Token ended", "get a new one and set INSTAGRAM_ACCESS_TOKEN")
        if left < TOKEN_WARNING:
            return _of(health, "warning", "Token ends soon", f"in {_rounded(left)}")
    if budget and budget.requests < BUDGET_WARNING_SHARE * budget.allowed:
        return _of(health, "warning", "Budget low", _left(budget))
    return None


def _in_order(health: SourceHealth) -> Verdict:
    heard = health.heard
    if not (heard.alive or heard.refused) and _failed_last(health):
        return _of(health, "bad", "No answers", "the last requests failed; it is asked again")
    if health.budget is None and not (heard.requests or heard.alive or heard.refused):
        known = health.last_alive_at is not None
        return _of(
            health,
            "good" if known else "unknown",
            "Quiet" if known else "Not asked yet",
            "no request in 5 min",
        )
    if health.budget is not None:
        return _of(health, "good", "Alive", _left(health.budget))
    return _of(health, "good", "Alive", f"{heard.alive:,} answers in 5 min")


def _failed_last(health: SourceHealth) -> bool:
    """Whether nothing came since it last failed; a source that is seldom asked is not well in between."""
    failed, alive = health.last_failed_at, health.last_alive_at
    return failed is not None and (alive is None or alive < failed)


def _of(health: SourceHealth, state: State, word: str, detail: str) -> Verdict:
    return Verdict(health.label, state, word, detail[:80], "sources")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _left(budget: Left) -> str:
    return f"{budget.requests:,.0f} of {budget.allowed:,.0f} calls left"


def _rounded(span: timedelta) -> str:
    """In the largest unit that leaves two: `3 d`, `30 h`, `45 min`, `90 s`."""
    minutes = span.total_seconds() / 60
    if minutes < 2:
        return f"{max(60 * minutes, 1):.0f} s"
    if minutes < 120:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.0f} h" if minutes < 48 * 60 else f"{minutes / 1440:.0f} d"


def memory(rss_bytes: int, limit_bytes: int, firing_since: datetime | None) -> Verdict:
    """Resident memory of this process against the limit that applies."""
    percent = 100 * rss_bytes / limit_bytes
    word, mib = f"{percent:.0f} % of limit", f"{rss_bytes / 2**20:,.0f} of {limit_bytes / 2**20:,.0f} MiB"
    if firing_since is not None:
        seconds = (datetime.now(UTC) - firing_since).total_seconds()
        return Verdict(
            "Memory", "bad", word, f"firing for {seconds // 60:.0f} min {seconds % 60:.0f} s", "system"
        )
    if percent > MEMORY_BAD_PERCENT:
        return Verdict("Memory", "bad", word, mib, "system")
    if percent > MEMORY_WARNING_PERCENT:
        return Verdict("Memory", "warning", word, mib, "system")
    return Verdict("Memory", "good", word, mib, "system")
