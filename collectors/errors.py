"""The collectors' one error family."""


class CollectorError(Exception):
    """A collector cannot go on."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.__doc__)


class UnusableRecord(CollectorError):
    """A thing from outside lacks what a record needs; `field` names it."""

    def __init__(self, field: str, value: object) -> None:
        super().__init__(f"unusable {field}: {value!r:.80}")
        self.field = field


class TooManyNames(CollectorError):
    """More names or ids than one call takes."""
