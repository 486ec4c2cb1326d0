"""Statements live in db/sql/TOPIC.sql, each under `-- name: NAME`; here they are read, once."""

import re
from functools import cache
from pathlib import Path
from typing import LiteralString, cast

FOLDER = Path(__file__).parent / "sql"
_HEADING = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


@cache
def statements() -> dict[str, LiteralString]:
    """Every statement's text by `topic.name`."""
    found: dict[str, LiteralString] = {}
    for path in sorted(FOLDER.glob("*.sql")):
        _, *parts = _HEADING.split(path.read_text())
        for name, text in zip(parts[::2], parts[1::2], strict=True):
            found[f"{path.stem}.{name}"] = cast(LiteralString, text.strip())
    return found


@cache
def names_by_text() -> dict[str, str]:
    """The other way round: which `topic.name` a text is."""
    return {text: name for name, text in statements().items()}
