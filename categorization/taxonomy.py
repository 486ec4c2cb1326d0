"""The categories an operator can edit, read from `taxonomy.toml` and checked before anything uses them."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

TAXONOMY_PATH = Path(__file__).with_name("taxonomy.toml")

WEIGHTS = {"strong_words": 2.0, "words": 1.0, "weak_words": 0.4}
TEXTS = ("name", "title", "description")
LISTS = (*WEIGHTS, "examples")


class TaxonomyError(Exception):
    """The taxonomy cannot be used; the message names the file, the category and how to mend it."""


@dataclass(frozen=True, slots=True)
class Category:
    """One category: its telling words with their weights, and the communities known to belong to it."""

    name: str
    title: str
    description: str
    words: Mapping[str, float]
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """All categories in the file's order; `fallback` names the one for communities that fit nowhere."""

    categories: tuple[Category, ...]
    fallback: str
    digest: str

    def __contains__(self, name: object) -> bool:
        return any(category.name == name for category in self.categories)


@cache
def load_taxonomy(path: Path | None = None) -> Taxonomy:
    """The taxonomy in `path` (default: the one beside this module), read once per process.

    Raises TaxonomyError for a file that is missing, is not TOML, or breaks a rule.
    """
    path = path or TAXONOMY_PATH
    try:
        content = path.read_bytes()
        document = tomllib.loads(content.decode())
    except OSError as exc:
        raise TaxonomyError(f"{path}: cannot be read ({exc.strerror}); restore the file") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise TaxonomyError(f"{path}: is not valid TOML: {exc}") from exc
    try:
        return _taxonomy(document, hashlib.sha256(content).hexdigest())
    except TaxonomyError as exc:
        raise TaxonomyError(f"{path}: {exc}") from None


def _taxonomy(document: Mapping[str, Any], digest: str) -> Taxonomy:
    _refuse_unknown(document, {"fallback", "category"}, "the file")
    tables = document.get("category")
    if not isinstance(tables, list) or len(tables) < 2:
        raise TaxonomyError("has fewer than two [[category]] tables; add the fallback and another")
    categories = tuple(_category(table, number) for number, table in enumerate(tables, 1))
    _refuse_doubles(categories)
    fallback = document.get("fallback")
    if fallback not in [category.name for category in categories]:
        raise TaxonomyError(
            f"fallback is {fallback!r}, which is no category; set fallback to the name of one of them"
        )
    return Taxonomy(categories, fallback, digest)


def _category(table: Any, number: int) -> Category:
    where = f"category number {number}"
    if not isinstance(table, dict):
        raise TaxonomyError(f"{where} is not a table; write it as [[category]]")
    name, title, description = (_text(table, key, where) for key in TEXTS)
    where = f"category {name!r}"
    _refuse_unknown(table, {*TEXTS, *LISTS}, where)
    words: dict[str, float] = {}
    for key, weight in WEIGHTS.items():
        for word in _strings(table, key, where):
            if words.setdefault(word.lower(), weight) != weight:
                raise TaxonomyError(f"{where} lists {word!r} with two weights; keep it in one list")
    if not words:
        raise TaxonomyError(f"{where} has no words; add some to words = [...]")
    return Category(name, title, description, words, _strings(table, "examples", where))


def _text(table: Mapping[str, Any], key: str, where: str) -> str:
    text = table.get(key)
    if not isinstance(text, str) or not text.strip():
        raise TaxonomyError(f'{where} has no {key}; add {key} = "..."')
    return text


def _strings(table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    strings = table.get(key, [])
    if not isinstance(strings, list) or not all(isinstance(s, str) and s.strip() for s in strings):
        raise TaxonomyError(f'{where}: {key} must be a list of texts, as in {key} = ["one", "two"]')
    return tuple(strings)


def _refuse_unknown(table: Mapping[str, Any], known: set[str], where: str) -> None:
    for key in table:
        if key not in known:
            raise TaxonomyError(
                f"{where} has an unknown key {key!r}; remove it or use one of {', '.join(sorted(known))}"
            )


def _refuse_doubles(categories: tuple[Category, ...]) -> None:
    names: set[str] = set()
    home: dict[str, str] = {}
    for category in categories:
        if category.name in names:
            raise TaxonomyError(f"category {category.name!r} stands there twice; merge the two")
        names.add(category.name)
        for example in category.examples:
            first = home.setdefault(example.lower(), category.name)
            if first != category.name:
                raise TaxonomyError(
                    f"category {category.name!r} has the example {example!r}, which {first!r} has too; "
                    "remove it from one of them"
                )
