"""What is known of a statement, wherever it was measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asked:
    """A statement as its callers ran it.

    Attributes:
        statement: its name, for people.
        text: with psycopg's placeholders (`%(name)s`), or with PostgreSQL's (`$1`).
        calls: how often it ran in the time that is looked at.
    """

    statement: str
    text: str
    calls: int
    total_seconds: float
    mean_seconds: float
