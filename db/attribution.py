"""Who asks: the endpoint, job or page on whose behalf a statement runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_asker: ContextVar[str] = ContextVar("asker", default="subpulse")


def asker() -> str:
    """The present asker, such as `GET /api/stats`, `job refresh_subreddits` or `page overview`."""
    return _asker.get()


def ask_as(label: str) -> None:
    """Attribute what this task runs from now on to `label`."""
    _asker.set(label)


@contextmanager
def asked_by(label: str) -> Iterator[None]:
    """Attribute what runs inside to `label`."""
    token = _asker.set(label)
    try:
        yield
    finally:
        _asker.reset(token)
