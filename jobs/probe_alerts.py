"""The alerts of probes: one is down, or its certificate ends soon. One for all processes, and for each probe."""

from datetime import UTC, datetime

from psycopg.rows import DictRow

from db import alerts, probes
from db.alerts import Change, State
from db.probe_definition import host_of
from jobs.context import Context

ALL_PROCESSES = ""
MINUTE, HOUR, DAY = 60, 3600, 86_400


async def check_probe_alerts(context: Context) -> int:
    """How many of them changed. A probe's own rule (failures in a row) has decided already; here it is told."""
    changed = 0
    for probe in await probes.alerts_due(context.db):
        if (probe["state"] == "down") != (probe["alert"] == "firing"):
            changed += await _tell(context, f"probe {probe['id']}", probe["alert"], *_down_or_back(probe))
        if probe["tls_soon"] != (probe["tls_alert"] == "firing"):
            changed += await _tell(
                context, f"probe tls {probe['id']}", probe["tls_alert"], *_certificate(probe)
            )
    for rule in await probes.alerts_without_probe(context.db):
        changed += await _tell(context, rule, "firing", 0.0, 0.0, "The probe was deleted")
    return changed


async def _tell(
    context: Context, rule: str, old: State, value: float, threshold: float, message: str
) -> bool:
    new: State = "ok" if old == "firing" else "firing"
    await alerts.state(context.db, rule, ALL_PROCESSES)  # so that there is one to change
    return await alerts.change(context.db, Change(rule, ALL_PROCESSES, old, new, value, threshold, message))


def _down_or_back(probe: DictRow) -> tuple[float, float, str]:
    """(failed checks in a row that were enough, how many have to be, message)."""
    who, needed = _who(probe), float(probe["down_after"])
    if probe["state"] == "down":
        why = probe["reason"] or "the last checks failed"
        return needed, needed, f"{who} is down since {probe['since']:%Y-%m-%d %H:%M:%S} UTC: {why}"
    began, ended = probe["outage_began_at"], probe["outage_ended_at"]
    lasted = f" after {duration((ended - began).total_seconds())}" if began and ended else ""
    if probe["paused"]:
        return 0.0, needed, f"{who} is paused{lasted} of being down"
    return 0.0, needed, f"{who} is up again{lasted}"


def _certificate(probe: DictRow) -> tuple[float, float, str]:
    """(days left, from how many on it is told, message)."""
    ends_at, warn = probe["tls_ends_at"], float(probe["tls_warn_days"])
    if ends_at is None:
        return warn, warn, f"{_who(probe)} has no certificate that we know of any more"
    days = (ends_at - datetime.now(UTC)).total_seconds() / DAY
    when = f"on {ends_at:%Y-%m-%d %H:%M} UTC"
    if not probe["tls_soon"]:
        why = "is paused; its certificate ends" if probe["paused"] else "has a certificate that ends"
        return days, warn, f"{_who(probe)} {why} {when}"
    left = f"in {days:.0f} days, " if days >= 1 else "in less than a day, " if days > 0 else ""
    return days, warn, f"{_who(probe)} has a certificate that ends soon: {left}{when}"


def _who(probe: DictRow) -> str:
    return f"{probe['name']} ({host_of(probe['url'])})"


def duration(seconds: float) -> str:
    """`42 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`."""
    left, words = round(seconds), []
    for length, unit in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (1, "s")):
        count, left = divmod(left, length)
        if count:
            words.append(f"{count} {unit}")
        elif words:
            break
    return " ".join(words[:2]) or "0 s"
