"""What compressing saves, of the answers that are kept."""

from collections.abc import Iterator
from typing import Any

from api.responses.answer import Answer
from api.responses.table import Table

AS_IT_IS = "identity"


def coded(table: Table) -> list[dict[str, Any]]:
    """By content coding: how many answers are kept in it, their bytes, the bytes they were compressed from, and how
    often they were given; the most given first."""
    found: dict[str, dict[str, Any]] = {}
    for answer, hits in _kept(table):
        coding = next(
            (value.decode() for name, value in answer.headers if name == b"content-encoding"), AS_IT_IS
        )
        row = found.setdefault(
            coding, {"coding": coding, "answers": 0, "bytes": 0, "plain_bytes": 0, "hits": 0}
        )
        row["answers"] += 1
        row["bytes"] += len(answer.body)
        row["plain_bytes"] += answer.plain_bytes
        row["hits"] += hits
    return sorted(found.values(), key=lambda row: -row["hits"])


def _kept(table: Table) -> Iterator[tuple[Answer, int]]:
    for route in table.routes:
        for entry in route.namespace.entries() if route.namespace else ():
            yield entry.value, entry.hits
