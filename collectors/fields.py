"""Read one field of a Reddit thing, which may be missing, null, out of range or of another type."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from collectors.errors import UnusableRecord

Data = Mapping[str, Any]

# Counts end up in PostgreSQL's int4; dumps hold subscribers from -667 to 305601639.
LARGEST_COUNT = 2**31 - 1


def clean(value: str) -> str:
    """Text that PostgreSQL and UTF-8 can hold: without NUL and without half surrogate pairs."""
    if value.isascii():
        return value.replace("\x00", "")
    return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def text(data: Data, field: str) -> str:
    """The field's text, `""` when it is null or missing."""
    value = data.get(field)
    return clean(value) if isinstance(value, str) else ""


def optional_text(data: Data, field: str) -> str | None:
    """The field's text, None when it is null, missing or empty."""
    return text(data, field) or None


def required_text(data: Data, field: str) -> str:
    """The field's text.

    Raises:
        UnusableRecord: it is missing, empty or not text.
    """
    value = text(data, field)
    if not value:
        raise UnusableRecord(field, data.get(field))
    return value


def flag(data: Data, field: str) -> bool | None:
    """True or false; None where Reddit will not say, which is not the same as false."""
    value = data.get(field)
    return value if isinstance(value, bool) else None


def count(data: Data, field: str) -> int | None:
    """A whole number from 0 to `LARGEST_COUNT`, else None."""
    value = data.get(field)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= LARGEST_COUNT else None


def required_int(data: Data, field: str) -> int:
    """A whole number, possibly negative.

    Raises:
        UnusableRecord: it is missing, not a whole number or beyond `LARGEST_COUNT`.
    """
    value = data.get(field)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST_COUNT:
        raise UnusableRecord(field, value)
    return value


def share(data: Data, field: str) -> float | None:
    """A number from 0 to 1, else None."""
    value = data.get(field)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= 1 else None


def moment(data: Data, field: str) -> datetime | None:
    """A time in UTC from epoch seconds (int, float or their text), else None.

    `edited` is `false` or a time; dumps of 2014-15 write `created_utc` as text.
    """
    value = data.get(field)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return datetime.fromtimestamp(float(value), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def flat(data: Data) -> Data:
    """The fields that hold text, numbers, truth values, null or lists of such; as jsonb can hold them."""
    kept = {clean(key): _flat(value) for key, value in data.items()}
    return {key: value for key, value in kept.items() if value is not _DEEP}


_DEEP = object()


def _flat(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_flat(one) for one in value if not isinstance(one, list | dict)]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return _DEEP if isinstance(value, dict) else value


def fullname(data: Data, kind: str) -> str:
    """`t3_abc` from `name`, or built from `id` where a dump lacks `name`.

    Raises:
        UnusableRecord: neither gives a fullname of that kind.
    """
    name = text(data, "name") or f"{kind}_{text(data, 'id')}"
    prefix, _, id36 = name.partition("_")
    if prefix != kind or not (id36.isascii() and id36.isalnum()):
        raise UnusableRecord("name", data.get("name", data.get("id")))
    return name
