"""What a statement is called: `topic.name` where it is ours, else its text without literals, in few characters.

Texts that differ only in their values, in white space or in how many values a list has are one statement.
"""

import re
from functools import lru_cache
from hashlib import sha1
from typing import NamedTuple

from db.statements import names_by_text

NAME_LENGTH = 500
TEXT_LENGTH = 8_000
ABOUT_OTHERS = ("EXPLAIN ", "PREPARE ")  # counted together, whatever they explain: db/plans.py
REMEMBERED = 2_000  # texts
_TOKEN = re.compile(
    r"""
      (?P<gap>(?:\s|--[^\n]*|/\*.*?\*/)+)
    | (?P<kept>"(?:[^"]|"")*"|%%|%\([^)]*\)[sbt]|%[sbt]|\$\d+|[^\W\d][\w$]*(?!['$\w]))
    | (?P<literal>
        \$(?P<tag>\w*)\$.*?\$(?P=tag)\$
      | [eE]'(?:[^'\\]|\\.|'')*(?:'|\Z)
      | [bBxXnN]?'(?:[^']|'')*(?:'|\Z)
      | 0[xXoObB][\da-fA-F_]+
      | (?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?
      )
    """,
    re.VERBOSE | re.DOTALL,
)
_VALUE = r"(?:\?|%s|%\([^)]*\)s|\$\d+)"
_LIST = re.compile(
    rf"(\bIN ?\(|\[)({_VALUE})(?: ?, ?{_VALUE})+(?=[)\]])", re.IGNORECASE
)  # not a call's arguments
_ROWS = re.compile(rf"(\({_VALUE}(?: ?, ?{_VALUE})*\))(?: ?, ?\1)+")


class Statement(NamedTuple):
    """What is counted together: a name of at most NAME_LENGTH, and a text to show and to explain."""

    name: str
    text: str


@lru_cache(REMEMBERED)
def identified(text: str) -> Statement:
    """Which statement a text is. Ours keep their text as it stands in db/sql; all literals in it are ours."""
    own = names_by_text().get(text)
    if own is not None:
        return Statement(own, text)
    if text.startswith(ABOUT_OTHERS):
        return Statement(text.split(maxsplit=1)[0], text.split(maxsplit=1)[0])
    whole = normalized(text)
    return Statement(_short(whole), whole[:TEXT_LENGTH])


def normalized(text: str) -> str:
    """The text with `?` for literals, single spaces for white space and comments, and of each list one value or row.

    Parameters (`%(name)s`, `%s`, `$1`) stay: they say more than `?`.
    """
    storable = text[: 10 * TEXT_LENGTH].replace("\0", "").encode(errors="replace").decode()
    plain = _TOKEN.sub(_plain, storable).strip().removesuffix(";").rstrip()
    return _ROWS.sub(r"\1, ...", _LIST.sub(r"\1\2, ...", plain))


def _plain(token: "re.Match[str]") -> str:
    if token["kept"] is not None:
        return token["kept"]
    return " " if token["gap"] is not None else "?"


def _short(text: str) -> str:
    """Texts that begin alike stay apart by a few digits of their hash."""
    if len(text) <= NAME_LENGTH:
        return text
    return f"{text[: NAME_LENGTH - 10]}… {sha1(text.encode(), usedforsecurity=False).hexdigest()[:8]}"
