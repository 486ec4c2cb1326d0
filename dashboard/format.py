"""Numbers as people read them: with a unit, thousands separators, and a word for what is not known."""

import re
from datetime import UTC, datetime

MISSING = "—"
UNKNOWN = "unknown"
MIB = 2**20
_SIZES = ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))
_PERIODS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def number(value: float | None, digits: int = 0) -> str:
    """`12,345.6`; a dash when there is no reading."""
    return MISSING if value is None else f"{value:,.{digits}f}"


def milliseconds(seconds: float | None) -> float | None:
    """Seconds as milliseconds, None left as it is."""
    return None if seconds is None else seconds * 1e3


def duration(seconds: float | None) -> str:
    """Two units at most: `0.4 ms`, `42 ms`, `1.2 s`, `1 min 12 s`, `3 d 2 h`."""
    if seconds is None:
        return MISSING
    if seconds < 1:
        return f"{seconds * 1e3:.{0 if seconds >= 0.01 else 1}f} ms"
    if seconds < 10:
        return f"{f'{seconds:.1f}'.removesuffix('.0')} s"
    left, words = round(seconds), []
    for length, unit in _PERIODS:
        count, left = divmod(left, length)
        if count:
            words.append(f"{count:,} {unit}")
        elif words:
            break
    return " ".join(words[:2])


def size(count: float | None) -> str:
    """Bytes in the largest unit that leaves at least one: `420 MiB`, `1.5 GiB`."""
    if count is None:
        return MISSING
    for length, unit in _SIZES:
        if abs(count) >= length:
            value = count / length
            shown = f"{value:,.{0 if abs(value) >= 100 else 1}f}".removesuffix(".0")
            return f"{shown} {unit}"
    return f"{count:,.0f} B"


def percent(value: float | None, digits: int = 1) -> str:
    """A value that is already in percent."""
    return MISSING if value is None else f"{value:,.{digits}f} %"


def counted(count: int, thing: str) -> str:
    """`1 answer`, `1,204 answers`."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def share(part: float, whole: float) -> float | None:
    """`part` of `whole` in percent, None of nothing."""
    return 100 * part / whole if whole else None


def ago(at: datetime | None, now: datetime | None = None) -> str:
    """How long ago: `12 s ago`, `3 h 4 min ago`; `never` for None."""
    if at is None:
        return "never"
    seconds = ((now or datetime.now(UTC)) - at).total_seconds()
    return "just now" if seconds < 1 else f"{duration(round(seconds))} ago"


def known(value: float | None) -> str:
    """A count that a source may keep to itself: null is `unknown`, never 0."""
    return UNKNOWN if value is None else f"{value:,.0f}"


def audience(over18: bool | None) -> str:
    """Who a community is for; null is `unknown`, never "safe"."""
    return {True: "over 18", False: "everyone", None: UNKNOWN}[over18]


def plain(text: str) -> str:
    """Text from outside as Markdown that shows exactly that text."""
    return re.sub(r"([^\w\s])", r"\\\1", text).replace("_", r"\_")


def cell(text: str) -> str:
    """Text for a table's cell, which a spreadsheet that opens its export must not run as a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def statement(text: str) -> str:
    """SQL in a line, without the comment that begins it: in a table its first words have to tell what it is."""
    return " ".join(re.sub(r"^(\s*--[^\n]*\n)+", "", text).split())


def words(name: str | None) -> str:
    """`movies_tv` as `movies tv`; `none yet` for None."""
    return name.replace("_", " ") if name else "none yet"
