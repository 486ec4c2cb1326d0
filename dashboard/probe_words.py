"""How a probe stands, in a word, a sign and a colour."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from dashboard import format
from dashboard.data import Row

Color = Literal["red", "orange", "green", "gray"]
DAY = 86_400
PARAM = "probe"  # the chosen one's id in the URL


@dataclass(frozen=True, slots=True)
class Word:
    """A state as it is shown; `sign` for tables, `icon` elsewhere."""

    word: str
    sign: str
    icon: str
    color: Color

    @property
    def chip(self) -> str:
        return f"{self.sign} {self.word}"


DOWN = Word("down", "✕", ":material/cancel:", "red")
DOUBTFUL = Word("failing", "!", ":material/warning:", "orange")
UP = Word("up", "✓", ":material/check_circle:", "green")
NEW = Word("not checked yet", "…", ":material/hourglass_empty:", "gray")
PAUSED = Word("paused", "‖", ":material/pause_circle:", "gray")
TLS_SOON = Word("TLS ends soon", "!", ":material/lock_clock:", "orange")
WORDS = (DOWN, DOUBTFUL, UP, NEW, PAUSED, TLS_SOON)


def state(probe: Row) -> Word:
    """A probe that failed, but not often enough in a row to be down, is `failing`."""
    if probe["paused"]:
        return PAUSED
    if probe["state"] == "down":
        return DOWN
    if probe["reason"] is not None and probe["contrary"]:
        return DOUBTFUL
    return UP if probe["state"] == "up" else NEW


def words(probe: Row) -> list[Word]:
    """Its state, and that its certificate ends soon where it does."""
    days = days_left(probe["tls_ends_at"])
    soon = days is not None and days < probe["tls_warn_days"] and not probe["paused"]
    return [state(probe), TLS_SOON] if soon else [state(probe)]


def last_outage(probe: Row, now: datetime | None = None) -> str:
    """`now, for 3 min`, `2 h ago, for 5 min` or `none`."""
    now = now or datetime.now(UTC)
    began, ended = probe["outage_began_at"], probe["outage_ended_at"]
    if began is None:
        return "none"
    if ended is None:
        return f"now, for {format.duration(whole_seconds(began, now))}"
    return f"{format.ago(ended, now)}, for {format.duration(whole_seconds(began, ended))}"


def days_left(ends_at: datetime | None, now: datetime | None = None) -> float | None:
    """Days until a certificate ends, below 0 when it has; None when there is none."""
    return None if ends_at is None else (ends_at - (now or datetime.now(UTC))).total_seconds() / DAY


def certificate(ends_at: datetime | None) -> str:
    """How long a certificate lasts, in words."""
    days = days_left(ends_at)
    if days is None:
        return "no TLS"
    if days < 0:
        return "certificate ended"
    return f"certificate ends in {days:.0f} {'day' if round(days) == 1 else 'days'}"


def whole_seconds(began: datetime, ended: datetime) -> int:
    """How long it lasted, at least a second."""
    return max(round((ended - began).total_seconds()), 1)


def literal(text: str) -> str:
    """A name or message as Markdown that shows exactly that text; letters of any script stay as they are."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)
