"""Figures as a sentence says them."""

_SPANS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"))
_SIZES = ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))
ALIKE_PERCENT = 5.0  # a change below this is none
MANY_TIMES_PERCENT = 900.0  # a change above this is told in times


def duration(seconds: float) -> str:
    """`2 h 5 min`, `45 s`: two units at most, the smaller one left out where it is nought."""
    for index, (span, unit) in enumerate(_SPANS):
        if seconds >= span:
            smaller, smaller_unit = _SPANS[index + 1] if index + 1 < len(_SPANS) else (1.0, "s")
            rest = int(seconds % span // smaller)
            return f"{int(seconds // span)} {unit}" + (f" {rest} {smaller_unit}" if rest else "")
    return f"{seconds:.0f} s"


def size(count: float) -> str:
    """Bytes as `1.5 GiB`."""
    for unit_bytes, unit in _SIZES:
        if count >= unit_bytes:
            return f"{count / unit_bytes:.1f} {unit}".replace(".0 ", " ")
    return f"{count:.0f} bytes"


def number(count: float) -> str:
    """`1,234,567`."""
    return f"{count:,.0f}"


def counted(count: int, one: str, many: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{number(count)} {one if count == 1 else many}"


def change(now: float, before: float | None, more: str, less: str) -> str:
    """`▲ 12 % slower`, `▼ 8 % faster`, `≈ alike`; `new` when there is nothing to compare with."""
    if not before:
        return "new"
    percent = 100 * (now - before) / before
    if abs(percent) < ALIKE_PERCENT:
        return "≈ alike"
    if percent >= MANY_TIMES_PERCENT:
        return f"▲ {now / before:,.0f} times"
    return f"▲ {percent:,.0f} % {more}" if percent > 0 else f"▼ {-percent:,.0f} % {less}"
