"""Statements live in db/sql/TOPIC.sql, each under `-- name: NAME`; here they are read, once.

A file that begins with `-- families: ONE, OTHER` is read once for each: in the place of FAMILY, and as the topic,
stands its name. So tables of one shape share their statements.
"""

import re
from functools import cache
from pathlib import Path
from typing import LiteralString, cast

FOLDER = Path(__file__).parent / "sql"
FAMILY = "FAMILY"
_FAMILIES = re.compile(r"-- families: (.+)")
_HEADING = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


@cache
def statements() -> dict[str, LiteralString]:
    """Every statement's text by `topic.name`."""
    found: dict[str, LiteralString] = {}
    for path in sorted(FOLDER.glob("*.sql")):
        text = path.read_text()
        if families := _FAMILIES.match(text):
            for family in families[1].split(", "):
                found |= _read(family, text.replace(FAMILY, family))
        else:
            found |= _read(path.stem, text)
    return found


def _read(topic: str, text: str) -> dict[str, LiteralString]:
    _, *parts = _HEADING.split(text)
    return {
        f"{topic}.{name}": cast(LiteralString, body.strip())
        for name, body in zip(parts[::2], parts[1::2], strict=True)
    }


@cache
def names_by_text() -> dict[str, str]:
    """The other way round: which `topic.name` a text is."""
    return {text: name for name, text in statements().items()}
