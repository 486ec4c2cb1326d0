"""Conditions and sort keys as PostgreSQL prints them in a plan, as far as a B-tree can serve them.

Every operand stands in brackets of its own there, and with VERBOSE every column behind its table's alias, so that
little of SQL has to be understood. What is not understood is left alone: OR, functions of columns, casts that change
the value.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind = Literal["equal", "any", "null", "not_null", "above", "below"]
Tree: TypeAlias = "str | list[Tree]"

_TOKEN = re.compile(
    r"""\s*( [A-Za-z&]{0,2}'(?:[^']|'')*' | "(?:[^"]|"")+" | \$\d+ | [^\W\d][\w$]* | \d[\w.]*
           | :: | [()\[\],.] | [-+*/<>=~!@\#%^&|`?:]+ )""",
    re.VERBOSE,
)
_COMPARED: dict[str, Kind] = {"=": "equal", "<": "below", "<=": "below", ">": "above", ">=": "above"}
_TURNED: dict[Kind, Kind] = {"equal": "equal", "below": "above", "above": "below"}
_NEVER_THE_SAME = {
    "random",
    "clock_timestamp",
    "timeofday",
    "nextval",
    "gen_random_uuid",
    "setseed",
    "SubPlan",
}
_USUAL_ELEMENTS = 10  # of an array that is not known, as PostgreSQL assumes


@dataclass(frozen=True, slots=True)
class Condition:
    """What a column must be.

    Attributes:
        cast: the type that it is printed as, where that is not its own.
        literals: what it is compared with, as text, where that is known; several for `any`.
        elements: with how many values.
        is_known: whether no parameter has a part in it, so that PostgreSQL's estimate is one.
        others: aliases of the other tables that its value comes from.
        text: the condition without its table's alias.
    """

    alias: str
    column: str
    kind: Kind
    cast: str | None = None
    literals: tuple[str, ...] | None = None
    elements: int = 1
    is_known: bool = True
    others: frozenset[str] = frozenset()
    text: str = ""


@dataclass(frozen=True, slots=True)
class SortKey:
    """A column that rows are sorted by."""

    alias: str
    column: str
    descending: bool = False
    nulls_first: bool = False


def parts(text: str) -> list[list[Tree]]:
    """What a condition consists of, all of which must hold."""
    return list(_conjuncts(_tree(text)))


def plain(tree: Sequence[Tree], alias: str = "") -> str:
    """A part in one manner of writing, without `alias` before its columns."""
    flat = " ".join(_flat(tree))
    return flat.replace(f"{alias} . ", "") if alias else flat


def understood(part: list[Tree]) -> Iterator[Condition]:
    """The conditions on columns that a part is: none, one, or one for each side of a join."""
    if part[-2:] == ["IS", "NULL"]:
        yield from _about(part[:-2], "null", [], part)
    elif part[-3:] == ["IS", "NOT", "NULL"]:
        yield from _about(part[:-3], "not_null", [], part)
    else:
        signs = [index for index, token in enumerate(part) if isinstance(token, str) and token in _COMPARED]
        if len(signs) == 1:
            left, right = part[: signs[0]], part[signs[0] + 1 :]
            kind = _COMPARED[str(part[signs[0]])]
            yield from _about(left, kind, right, part)
            yield from _about(right, _TURNED[kind], left, part)


def sort_key(text: str) -> SortKey | None:
    """A sort key that is a column, None where it is an expression or has a collation of its own."""
    tree = _tree(text)
    column, rest = _column(tree[:3]), [str(token) for token in tree[3:]]
    if column is None or any(isinstance(token, list) for token in tree):
        return None
    descending = rest[:1] == ["DESC"]
    nulls = rest[1:] if descending else rest
    if nulls not in ([], ["NULLS", "FIRST"], ["NULLS", "LAST"]):
        return None
    return SortKey(column[0], column[1], descending, nulls[1] == "FIRST" if nulls else descending)


def _about(side: list[Tree], kind: Kind, value: list[Tree], part: list[Tree]) -> Iterator[Condition]:
    column = _column(side)
    if column is None:
        return
    alias, name, cast = column
    if value[:1] == ["ANY"]:
        if kind != "equal":
            return
        kind, value = "any", value[1:]
    used = list(_flat(value))
    others = frozenset(_aliases(value))
    if alias in others or _NEVER_THE_SAME & set(used):
        return
    literals = _literals(value, kind)
    elements = 1 if kind != "any" else len(literals) if literals is not None else _USUAL_ELEMENTS
    is_known = not others and not any(token.startswith("$") for token in used)
    yield Condition(alias, name, kind, cast, literals, elements, is_known, others, plain(part, _quoted(side)))


def _column(side: Sequence[Tree]) -> tuple[str, str, str | None] | None:
    """(alias, column, cast) of an operand that is nothing but a column."""
    cast = None
    if len(side) >= 3 and side[1] == "::" and isinstance(side[0], list):
        side, cast = side[0], " ".join(_flat(side[2:]))
    while len(side) == 1 and isinstance(side[0], list):
        side = side[0]
    if len(side) != 3 or side[1] != "." or not all(isinstance(name, str) for name in side):
        return None
    return _unquoted(str(side[0])), _unquoted(str(side[2])), cast


def _quoted(side: Sequence[Tree]) -> str:
    """The alias of an operand as it is printed."""
    return next(_flat(side)) if not isinstance(side[0], list) else _quoted(side[0])


def _literals(value: Sequence[Tree], kind: Kind) -> tuple[str, ...] | None:
    while len(value) == 1 and isinstance(value[0], list):
        value = value[0]
    first = value[0] if value else None
    if not isinstance(first, str) or (len(value) > 1 and value[1] != "::"):
        return None
    if first.startswith("'"):
        text = first[1:-1].replace("''", "'")
    elif first[0].isdigit() or first in ("true", "false"):
        text = first[:1] if first in ("true", "false") else first
    else:
        return None
    if kind != "any":
        return (text,)
    if not text.startswith("{") or set(text) & set('"\\'):
        return None
    return tuple(text[1:-1].split(","))


def _aliases(tree: Sequence[Tree]) -> Iterator[str]:
    """The tables that an expression refers to; `schema.function(…)` looks the same but for its brackets."""
    for index, token in enumerate(tree):
        if isinstance(token, list):
            yield from _aliases(token)
        elif _is_name(token) and list(tree[index + 1 : index + 2]) == ["."]:
            is_function = any(isinstance(one, list) for one in tree[index + 3 : index + 4])
            if not is_function:
                yield _unquoted(token)


def _is_name(token: str) -> bool:
    return token[0] == '"' or token[0].isalpha() or token[0] == "_"


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _conjuncts(tree: list[Tree]) -> Iterator[list[Tree]]:
    while len(tree) == 1 and isinstance(tree[0], list):
        tree = tree[0]
    if "AND" not in tree:
        yield tree
        return
    part: list[Tree] = []
    for token in [*tree, "AND"]:
        if token == "AND":
            yield from _conjuncts(part)
            part = []
        else:
            part.append(token)


def _tree(text: str) -> list[Tree]:
    """The tokens, what stands in brackets as a list of its own."""
    tree: list[Tree] = []
    open_ones = [tree]
    for found in _TOKEN.finditer(text):
        token = found[1]
        if token in "([":
            inner: list[Tree] = []
            open_ones[-1].append(inner)
            open_ones.append(inner)
        elif token in ")]":
            if len(open_ones) > 1:
                open_ones.pop()
        else:
            open_ones[-1].append(token)
    return tree


def _flat(tree: Sequence[Tree]) -> Iterator[str]:
    for token in tree:
        if isinstance(token, list):
            yield "("
            yield from _flat(token)
            yield ")"
        else:
            yield token
