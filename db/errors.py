"""Errors of the database layer."""


class DatabaseError(Exception):
    """The database could not do what was asked."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.__doc__)


class DatabaseDown(DatabaseError):
    """PostgreSQL does not answer; Subpulse keeps asking and goes on as soon as it is back."""


class MigrationError(DatabaseError):
    """The database's schema does not fit this version of Subpulse."""


class EmbeddedServerError(DatabaseError):
    """The embedded PostgreSQL did not start."""


def one_line(exc: BaseException) -> str:
    """What an error says, on one line."""
    return " ".join(str(exc).split())
