"""The field expressions of Meta's Graph API: `a,b.limit(5).after(X){c,d{e}}`."""

import re
from dataclasses import dataclass, field

NAME = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*")
MODIFIER = re.compile(r"\.([a-z_]+)\(([^()]*)\)\s*")
DEEPEST = 8


class BadExpression(Exception):
    """The expression cannot be read; the text says where."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field asked for, what it is asked with, and what of it is asked for."""

    name: str
    modifiers: dict[str, str] = field(default_factory=dict)
    fields: tuple["Field", ...] = ()


def parsed_fields(text: str) -> tuple[Field, ...]:
    """The fields of an expression; none for an empty one.

    Raises:
        BadExpression: unbalanced braces, or something that is no field.
    """
    if not text.strip():
        return ()
    fields, place = _fields(text, 0, 0)
    if place != len(text):
        raise BadExpression(
            f'Syntax error "Expected end of string instead of "{text[place]}"." at character {place}'
        )
    return fields


def _fields(text: str, place: int, depth: int) -> tuple[tuple[Field, ...], int]:
    found = []
    while True:
        one, place = _field(text, place, depth)
        found.append(one)
        if text[place : place + 1] != ",":
            return tuple(found), place
        place += 1


def _field(text: str, place: int, depth: int) -> tuple[Field, int]:
    name = NAME.match(text, place)
    if name is None or depth > DEEPEST:
        raise BadExpression(f'Syntax error "Field name expected." at character {place}')
    place, modifiers = name.end(), {}
    while modifier := MODIFIER.match(text, place):
        modifiers[modifier[1]] = modifier[2].strip()
        place = modifier.end()
    if text[place : place + 1] != "{":
        return Field(name[1], modifiers), place
    fields, place = _fields(text, place + 1, depth + 1)
    if text[place : place + 1] != "}":
        raise BadExpression(f'Syntax error "Expected "}}"." at character {place}')
    end = re.compile(r"\s*").match(text, place + 1)
    return Field(name[1], modifiers, fields), end.end() if end else place + 1
