"""How finely the past is kept, and of which stored rows a range is put together.

Every process stores its own 10 s intervals. Once an hour is over, it is rolled up into the levels below; a day and
30 days are made of those. A range takes the longest intervals that fit into it and shorter ones at its ends, so two
years cost little more than a day.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

MINUTE, HOUR, DAY = 60, 3600, 86_400
STEP = 10  # seconds of the finest interval
YEARS = 2 * 365 * DAY


@dataclass(frozen=True, slots=True)
class Level:
    """Intervals of `width` seconds, `row` seconds of them in a row, kept for `keep` seconds."""

    name: str
    width: int
    row: int
    keep: int

    @property
    def intervals(self) -> int:
        """How many intervals a row holds."""
        return self.row // self.width


LEVELS = (
    Level("10s", STEP, HOUR, 48 * HOUR),
    Level("1m", MINUTE, HOUR, 30 * DAY),
    Level("1h", HOUR, HOUR, YEARS),
    Level("1d", DAY, DAY, YEARS),
    Level("30d", 30 * DAY, 30 * DAY, YEARS),
)
BY_WIDTH = {level.width: level for level in LEVELS}
FINEST_KEPT_LONGEST = 2  # index of the hours: what is older than the minutes cannot be told more finely


@dataclass(frozen=True, slots=True)
class Piece:
    """From `since` until before `until`, epoch seconds, out of the rows of one level."""

    width: int
    since: int
    until: int


def moment(seconds: int) -> datetime:
    """Epoch seconds as a time."""
    return datetime.fromtimestamp(seconds, UTC)


@dataclass(frozen=True, slots=True)
class Steps:
    """A range in `count` steps of `seconds` each, from `begin` (epoch seconds) on, a multiple of them since 1970."""

    begin: int
    seconds: int
    count: int

    @classmethod
    def of(cls, since: datetime, until: datetime, step_seconds: int) -> "Steps":
        """The steps of a range; longer ones where it is so old that nothing finer is kept."""
        step = max(step_seconds, finest_at(since.timestamp(), datetime.now(UTC).timestamp()).width)
        begin = int(since.timestamp() // step * step)
        return cls(begin, step, max(-int(-(until.timestamp() - begin) // step), 1))

    def places(self, at: NDArray[np.int64]) -> NDArray[np.int64]:
        """In which step each moment (epoch seconds) lies; what is outside counts for the nearest."""
        return ((at - self.begin) // self.seconds).clip(0, self.count - 1)

    @property
    def at(self) -> list[datetime]:
        """When each begins."""
        return [moment(self.begin + self.seconds * each) for each in range(self.count)]


def finest_at(moment: float, now: float) -> Level:
    """The finest level that still knows a moment; both in epoch seconds."""
    return next(
        (level for level in LEVELS[:FINEST_KEPT_LONGEST] if moment >= now - level.keep),
        LEVELS[FINEST_KEPT_LONGEST],
    )


def of_hour(begin: int, now: float) -> Iterator[Level]:
    """The levels that are made of fresh intervals and would still keep an hour; both in epoch seconds.

    After an outage of days the finest levels have no room for what was stored before it.
    """
    return (level for level in LEVELS if level.row == HOUR and begin >= now - level.keep)


def pieces(
    since: float, until: float, rolled_up: int, now: float, widest: int = LEVELS[-1].width
) -> list[Piece]:
    """What of the stored levels covers a range as far as it is rolled up; the rest is fresh.

    Ends are moved outwards to the finest interval that is still kept there.

    Args:
        since: begin of the range, until: its end, rolled_up, now: epoch seconds.
        widest: no interval longer than so many seconds, for a chart of such steps.
    """
    found: list[Piece] = []
    for piece in _pieces(max(since, now - YEARS), min(until, rolled_up), now, widest):
        last = found[-1] if found else None
        if last and last.width == piece.width and last.until == piece.since:
            found[-1] = Piece(piece.width, last.since, piece.until)
        else:
            found.append(piece)
    return found


def _pieces(since: float, until: float, now: float, widest: int) -> Iterator[Piece]:
    at = int(since // STEP) * STEP
    end = -int(-until // STEP) * STEP
    while at < end:
        piece = _next_piece(at, end, now, widest)
        yield piece
        at = piece.until


def _next_piece(at: int, end: int, now: float, widest: int) -> Piece:
    for level in reversed(LEVELS):
        if level.width > widest or at % level.width or level.keep < now - at:
            continue
        upto = min(end, at - at % level.row + level.row)
        if upto > at and upto % level.width == 0 and (level.intervals > 1 or upto - at == level.row):
            return Piece(level.width, at, upto)
    level = finest_at(at, now)
    begins = at - at % level.width
    upto = min(end, at - at % level.row + level.row)
    return Piece(level.width, begins, -(-upto // level.width) * level.width)
