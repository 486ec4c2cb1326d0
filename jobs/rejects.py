"""The reject file of an import: each line that was not kept, once, with its place and the reason."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import orjson

from collectors.dumps.stretches import Rejected

FINGERPRINT_SIGNS = 8


class RejectFile:
    """NDJSON of {"position", "reason", "line"}, in the order of positions; made with its first line."""

    def __init__(self, folder: Path, name: str, fingerprint: str) -> None:
        """`fingerprint` keeps two files of one name apart."""
        self.path = folder / f"{name}.{fingerprint[:FINGERPRINT_SIGNS]}.rejects.ndjson"

    def resume(self, position: int) -> None:
        """Drop what a killed run wrote beyond the stored `position`: it is read, and rejected, again."""
        try:
            file = self.path.open("r+b")
        except FileNotFoundError:
            return
        with file:
            file.truncate(_length_up_to(file, position))

    def write(self, rejected: Sequence[Rejected]) -> None:
        """Append, safe on disk before the batch's commit says so."""
        if not rejected:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            file.writelines(
                orjson.dumps({"position": each.position, "reason": each.reason, "line": each.line}) + b"\n"
                for each in rejected
            )
            file.flush()
            os.fsync(file.fileno())


def _length_up_to(file: BinaryIO, position: int) -> int:
    length = 0
    for line in file:
        try:
            if not line.endswith(b"\n") or orjson.loads(line)["position"] >= position:
                break
        except (orjson.JSONDecodeError, KeyError, TypeError):
            break  # half a line, from the kill
        length += len(line)
    return length
