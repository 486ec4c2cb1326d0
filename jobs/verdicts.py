"""Is it healthy? One verdict per part, judged here, so that pages only show it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from db.budget import Left
from jobs.alert_rules import MEMORY

State = Literal["good", "warning", "bad", "unknown"]
OBJECTIVE_MS = 300.0
FEW_HITS_PERCENT = 50.0
HITS_WORTH_JUDGING = 20
MEMORY_WARNING_PERCENT = MEMORY.clear_below
MEMORY_BAD_PERCENT = MEMORY.fire_above
BUDGET_WARNING_SHARE = 0.05  # jobs plan with nine tenths; below this, something unplanned spends
QUEUE_WARNING = 500


@dataclass(frozen=True, slots=True)
class Verdict:
    """One part's state as a word with its figure, and the page that says more."""

    name: str
    state: State
    word: str
    detail: str
    page: str


def api(p95_ms: float | None, errors: int, requests: int) -> Verdict:
    """Over the last ten seconds."""
    if requests and errors:
        return Verdict("API", "bad", "Errors", f"{errors} of {requests} requests failed", "endpoints")
    if p95_ms is None:
        return Verdict("API", "good", "Quiet", "no requests in 10 s", "endpoints")
    detail = f"p95 {p95_ms:,.0f} ms of {OBJECTIVE_MS:.0f}"
    if p95_ms > OBJECTIVE_MS:
        return Verdict("API", "warning", "Slow", detail, "endpoints")
    return Verdict("API", "good", "Healthy", detail, "endpoints")


def database(down_reason: str | None, slow_queries: int, slow_ms: float, waiting: int) -> Verdict:
    """Slow queries of the last five minutes, and who waits for a connection."""
    if down_reason is not None:
        return Verdict("Database", "bad", "Down", down_reason[:80], "slow-queries")
    if waiting:
        return Verdict("Database", "warning", "Pool full", f"{waiting} wait for a connection", "slow-queries")
    detail = f"{slow_queries:,} over {slow_ms:,.0f} ms in 5 min"
    if slow_queries:
        return Verdict("Database", "warning", "Slow queries", detail, "slow-queries")
    return Verdict("Database", "good", "Healthy", detail, "slow-queries")


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
        state: State = "warning" if minutes < 15 else "good"
        return Verdict("Jobs", state, word, f"failed {ago} ago: {name}", "jobs")
    return Verdict("Jobs", "good", word, "no failure in 24 h", "jobs")


def sources(source: str, left: Left | None, recent_alive: int, recent_failed: int) -> Verdict:
    """What the source's answers of the last five minutes were, and what is left of its budget."""
    name = source.capitalize()
    if recent_failed and not recent_alive:
        return Verdict("Sources", "bad", "No answers", f"{recent_failed} requests to {name} failed", "jobs")
    if left is None:
        return Verdict("Sources", "unknown", "Not asked yet", f"{name} was not asked yet", "jobs")
    detail = f"{left.requests:,.0f} of {left.allowed:,.0f} calls left"
    if left.requests < BUDGET_WARNING_SHARE * left.allowed:
        return Verdict("Sources", "warning", "Budget low", detail, "jobs")
    return Verdict("Sources", "good", "Alive", detail, "jobs")


def memory(rss_bytes: int, limit_bytes: int, firing_since: datetime | None) -> Verdict:
    """Resident memory of this process against the limit that applies."""
    percent = 100 * rss_bytes / limit_bytes
    word, mib = f"{percent:.0f} % of limit", f"{rss_bytes / 2**20:,.0f} of {limit_bytes / 2**20:,.0f} MiB"
    if firing_since is not None:
        seconds = (datetime.now(UTC) - firing_since).total_seconds()
        return Verdict(
            "Memory", "bad", word, f"firing for {seconds // 60:.0f} min {seconds % 60:.0f} s", "overview"
        )
    if percent > MEMORY_BAD_PERCENT:
        return Verdict("Memory", "bad", word, mib, "overview")
    if percent > MEMORY_WARNING_PERCENT:
        return Verdict("Memory", "warning", word, mib, "overview")
    return Verdict("Memory", "good", word, mib, "overview")
