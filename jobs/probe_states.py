"""When a probe is down and when it is up again: pure, so that every case can be tested.

One failure is no outage: only `down_after` in a row are, and only `up_after` good checks in a row end it. Either
began with the first of its row.
"""

from datetime import datetime
from typing import Literal

from db.probes import Standing


def standing_after(before: Standing, ok: bool, at: datetime, down_after: int, up_after: int) -> Standing:
    """How a probe stands after one more check, `ok` or not, that began at `at`."""
    says: Literal["up", "down"] = "up" if ok else "down"
    if says == before.state:
        return Standing(before.state, before.since)
    contrary = before.contrary + 1
    since = before.contrary_since or at
    # Of a probe that is new or was paused there is nothing to doubt: one good check says it is up.
    enough = down_after if says == "down" else up_after if before.state == "down" else 1
    if contrary >= enough:
        return Standing(says, since)
    return Standing(before.state, before.since, contrary, since)
