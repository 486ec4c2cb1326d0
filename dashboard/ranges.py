"""Which time a page speaks of: a range until now, or from one moment to another; and how it stands in the URL.

`?range=6h`, or `?from=2026-11-24T0230Z&to=2026-11-24T031520Z`: ISO 8601 without colons, which an address would show
as %3A. Moments in the URL are UTC, so that a link shows everybody the same; what a viewer reads and types is in the
viewer's zone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

STEPS = (
    10,
    30,
    60,
    120,
    300,
    600,
    1800,
    3600,
    7200,
    14_400,
    21_600,
    43_200,
    86_400,
    172_800,
    345_600,
    604_800,
)
MOST_STEPS = 250
SHARED_SECONDS = 5  # all who look within these see the same `until`, and share one answer
GENTLE_SECONDS = 30  # no page asks again sooner than this
RAREST_SECONDS = 600
SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(days=731)


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """From `since` to `until` in steps of `step_seconds`, which begin at whole multiples of it since 1970.

    Attributes:
        live: `until` is now, and moves on.
    """

    since: datetime
    until: datetime
    step_seconds: int
    live: bool

    @property
    def span(self) -> tuple[datetime, datetime]:
        """Both ends, as the charts want them."""
        return self.since, self.until

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (self.until - self.since).total_seconds()

    @property
    def before(self) -> tuple[datetime, datetime]:
        """The period of the same length directly before."""
        return self.since - (self.until - self.since), self.since

    @property
    def refresh_seconds(self) -> int | None:
        """After how long a page asks again: a step, but neither too often nor too seldom; None when nothing moves."""
        return min(max(self.step_seconds, GENTLE_SECONDS), RAREST_SECONDS) if self.live else None


class Range(NamedTuple):
    """A range that ends now."""

    label: str
    length: timedelta


RANGES = {
    "5m": Range("Last 5 min", timedelta(minutes=5)),
    "15m": Range("Last 15 min", timedelta(minutes=15)),
    "1h": Range("Last hour", timedelta(hours=1)),
    "6h": Range("Last 6 hours", timedelta(hours=6)),
    "24h": Range("Last 24 hours", timedelta(hours=24)),
    "7d": Range("Last 7 days", timedelta(days=7)),
    "30d": Range("Last 30 days", timedelta(days=30)),
    "90d": Range("Last 90 days", timedelta(days=90)),
    "1y": Range("Last year", timedelta(days=365)),
    "2y": Range("Last 2 years", timedelta(days=730)),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What a viewer chose: the name of a range that ends now, or two moments."""

    name: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def params(self) -> dict[str, str]:
        """As it stands in the URL."""
        if self.since is None or self.until is None:
            return {"range": self.name or DEFAULT_NAME}
        return {"from": short(self.since), "to": short(self.until)}

    def axis(self, now: datetime) -> TimeAxis:
        """The range as it is now."""
        if self.since is not None and self.until is not None:
            return TimeAxis(self.since, self.until, step_for(self.until - self.since), live=False)
        length = RANGES[self.name or DEFAULT_NAME].length
        shared = now.timestamp() // SHARED_SECONDS * SHARED_SECONDS
        until = datetime.fromtimestamp(shared, UTC)
        return TimeAxis(until - length, until, step_for(length), live=True)


DEFAULT_NAME = "1h"
DEFAULT = Choice(DEFAULT_NAME)
PARAMS = ("range", "from", "to")


class NotARange(Exception):
    """A range cannot be shown; the message is a sentence that says why."""


def step_for(length: timedelta) -> int:
    """Seconds of the shortest step that makes no more than MOST_STEPS of a range."""
    return next((step for step in STEPS if length.total_seconds() / step <= MOST_STEPS), STEPS[-1])


def between(since: datetime, until: datetime, now: datetime) -> Choice:
    """The choice of two moments, to the second; what lies in the future is cut off.

    Raises:
        NotARange: they are in the wrong order, in the future, too far apart or too long ago.
    """
    since, until = since.replace(microsecond=0), min(until, now).replace(microsecond=0)
    if since >= now:
        raise NotARange("The range begins in the future.")
    if since >= until:
        raise NotARange("The range ends before it begins.")
    if until - since > LONGEST:
        raise NotARange("The range is longer than two years, which is as long as anything is kept.")
    if until <= now - LONGEST:
        raise NotARange("The range ends more than two years ago, and nothing is kept so long.")
    if until - since < SHORTEST:
        middle = since + (until - since) / 2
        until = min(middle + SHORTEST / 2, now).replace(microsecond=0)
        since = until - SHORTEST
    return Choice(since=since, until=until)


def beside(axis: TimeAxis, direction: int, now: datetime) -> Choice:
    """The range of the same length directly before (-1) or after (1), as far as there is any.

    Raises:
        NotARange: there is none.
    """
    length = axis.until - axis.since
    until = min(axis.until + direction * length, now)
    return between(until - length, until, now)


def parsed(params: Mapping[str, str], now: datetime) -> Choice | None:
    """What a URL asks for, None when it does not say.

    Raises:
        NotARange: it is nonsense.
    """
    if "range" in params:  # it stands before the others, which a browser's way back may bring beside it
        if params["range"] in RANGES:
            return Choice(params["range"])
        raise NotARange(
            f"The address asks for the range “{params['range'][:40]}”; there are {', '.join(RANGES)}."
        )
    if "from" in params or "to" in params:
        if not ("from" in params and "to" in params):
            raise NotARange("The address names only one end of a range; it takes both from and to.")
        return between(_moment(params["from"]), _moment(params["to"]), now)
    return None


def short(moment: datetime) -> str:
    """`2026-11-24T0230Z`, with seconds only where there are any."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H%M%SZ}" if utc.second else f"{utc:%Y-%m-%dT%H%MZ}"


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))  # a plus sign that was not encoded
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise NotARange(
            f"The address holds “{text[:40]}” where a time should stand, such as 2026-11-24T0230Z."
        ) from None
