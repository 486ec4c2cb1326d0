"""The alert of each source: it does not answer any more, or refuses our token. One for all processes."""

from datetime import UTC, datetime, timedelta

from db import alerts, sources
from db.sources import Credentials, Heard
from jobs.alert_rules import SOURCE, Streak
from jobs.context import Context
from jobs.source_health import LABELS, clients

LATELY = timedelta(minutes=2)
WORTH_JUDGING = 3  # answers; of fewer, all may fail by chance
ALL_PROCESSES = ""


async def check_sources(context: Context) -> int:
    """How many of them changed. One is over when half of the requests succeed again, or nobody asks that source any
    more."""
    db, changed = context.db, 0
    heard = await sources.heard(db, datetime.now(UTC) - LATELY)
    told = await sources.credentials(db)
    asked = clients(context)
    for name in asked:
        reading = _failed_percent(heard.get(name, Heard()), told.get(name, Credentials()))
        if reading is not None:
            changed += await _check_source(context, name, *reading)
    for row in await alerts.firing(db):
        kind, _, name = row["rule"].partition(" ")
        if kind == SOURCE.name and name not in asked:
            message = f"{LABELS.get(name, name)} is not asked any more"
            changed += await _change_source(context, name, "firing", "ok", 0.0, message)
    return changed


def _failed_percent(heard: Heard, told: Credentials) -> tuple[float, str] | None:
    """(per cent of requests that failed, why), or None when too few were made to tell."""
    if told.token_problem:
        return 100.0, f"refuses our token: {told.token_problem}"
    unauthorized = heard.reasons.get("refused:unauthorized", 0)
    answers, failed = heard.alive + heard.refused + heard.unknown, heard.unknown + unauthorized
    if answers < WORTH_JUDGING:
        return None
    why = max(
        (word for word in heard.reasons if word.startswith("unknown:") or word == "refused:unauthorized"),
        key=heard.reasons.__getitem__,
        default="",
    )
    return 100 * failed / answers, f"does not answer, {failed:,} requests failed ({why.partition(':')[2]})"


async def _check_source(context: Context, name: str, percent: float, why: str) -> bool:
    streak = context.source_streaks.setdefault(name, Streak(SOURCE))
    state = await alerts.state(context.db, f"{SOURCE.name} {name}", ALL_PROCESSES)
    new = streak.reading(state, percent)
    if new == state:
        return False
    message = f"{LABELS.get(name, name)} {why if new == 'firing' else 'answers again'}"
    return await _change_source(context, name, state, new, percent, message)


async def _change_source(
    context: Context, name: str, old: alerts.State, new: alerts.State, percent: float, message: str
) -> bool:
    threshold = SOURCE.fire_above if new == "firing" else SOURCE.clear_below
    rule = f"{SOURCE.name} {name}"
    return await alerts.change(
        context.db, alerts.Change(rule, ALL_PROCESSES, old, new, percent, threshold, message)
    )
