"""What was judged of a database, with the reason and, where there is one, the statement that mends it."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["bad", "watch"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong (`bad`) or on its way there (`watch`).

    Attributes:
        title: what it is, in a few words.
        sentence: why it is judged so, with the figure and the threshold.
        remedy_sql: what to run; several statements are separated by semicolons. None where nothing can be run.
        undo_sql: what takes the remedy back.
    """

    severity: Severity
    title: str
    sentence: str
    remedy_sql: str | None = None
    undo_sql: str | None = None
