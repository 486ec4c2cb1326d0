"""Questions to the archive: numbers, dates and words from a query string, and what is wrong with them."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from collectors.sandbox.rhythm import DAY, HOUR

OFFSET = re.compile(r"(\d+)\s*(year|y|month|m|day|d|hour|h|min|s)s?")
SECONDS = {"year": 365 * DAY, "month": 30 * DAY, "day": DAY, "hour": HOUR, "min": 60}
SECONDS |= {"y": SECONDS["year"], "m": SECONDS["month"], "d": DAY, "h": HOUR, "s": 1}
IN_MILLISECONDS = 100_000_000_000
TRUE, FALSE = {"true", "1", "yes", "y"}, {"false", "0", "no", "n"}


class BadQuery(Exception):
    """The archive does not understand the question."""


class Query:
    """The parameters of one request; each is read as what it should be.

    Raises:
        BadQuery: when there is a parameter of another name, or one cannot be read.
    """

    def __init__(self, given: Mapping[str, str], known: Iterable[str], now: float) -> None:
        self.given, self.now = given, now
        for name in given:
            if name not in known:
                raise BadQuery(f"Unknown query parameter: '{name}'")

    def text(self, name: str) -> str:
        return self.given.get(name, "").strip()

    def name(self, name: str) -> str:
        """A community's or an author's name in lower case; a prefix of `r/` or `u/` is ignored."""
        return re.sub(r"^/?[ru]/", "", self.text(name)).lower()

    def names(self, name: str, most: int) -> list[str]:
        """A list with commas.

        Raises:
            BadQuery: none or too many.
        """
        names = [one.strip() for one in self.text(name).split(",") if one.strip()]
        if not 1 <= len(names) <= most:
            raise BadQuery(f"Parameter '{name}' must have between 1 and {most} values")
        return names

    def number(self, name: str) -> int | None:
        text = self.text(name)
        if text and not text.isdecimal():
            raise BadQuery(f"Parameter '{name}' must be an integer")
        return int(text) if text else None

    def limit(self, most: int, auto: int | None = None) -> int:
        """1 to `most`, 25 by default; `auto` when that is asked for and there is such a thing."""
        if auto is not None and self.text("limit") == "auto":
            return auto
        limit = self.number("limit")
        if limit is not None and not 1 <= limit <= most:
            raise BadQuery(f"Parameter 'limit' must be between 1 and {most}")
        return 25 if limit is None else limit

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """One of some words, the first by default."""
        text = self.text(name) or choices[0]
        if text not in choices:
            raise BadQuery(f"Parameter '{name}' must be one of: {', '.join(choices)}")
        return text

    def flag(self, name: str) -> bool | None:
        text = self.text(name).lower()
        if text and text not in TRUE | FALSE:
            raise BadQuery(f"Parameter '{name}' must be a boolean")
        return text in TRUE if text else None

    def moment(self, name: str) -> float | None:
        """Epoch seconds, from those, from milliseconds, a partial ISO date, or how long ago (`2d`, `5min`)."""
        text = self.text(name)
        if not text:
            return None
        if re.fullmatch(r"\d+(\.\d+)?", text):
            return float(text) / (1000 if float(text) > IN_MILLISECONDS else 1)
        if ago := OFFSET.fullmatch(text):
            return self.now - int(ago[1]) * SECONDS[ago[2]]
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as exc:
            raise BadQuery(f"Parameter '{name}' is not a valid date") from exc
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
