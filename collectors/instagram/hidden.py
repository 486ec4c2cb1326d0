"""Keep an access token out of everything that is logged, stored or shown."""

import logging
from urllib.parse import quote

MASK = "***"
LOGGERS = ("httpx", "httpcore")


class Hidden:
    """A secret and how it may appear; what it gives back never holds it.

    Instagram repeats a malformed token in its error message, and its paging URLs carry the token.
    """

    def __init__(self, secret: str) -> None:
        self._forms = sorted({secret, quote(secret, safe="")} - {""}, key=len, reverse=True)

    def in_text(self, text: str) -> str:
        """The text with a mask wherever the secret stood."""
        for form in self._forms:
            text = text.replace(form, MASK)
        return text

    def in_bytes(self, body: bytes) -> bytes:
        """The same of a body, before anything is cut out of it: half a secret would not be found."""
        for form in self._forms:
            body = body.replace(form.encode(), MASK.encode())
        return body


class _InLogs(logging.Filter):
    """httpx logs the URL of each request, and debug_token takes the token nowhere but in the URL."""

    def __init__(self) -> None:
        super().__init__()
        self.secrets: dict[str, Hidden] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        for hidden in self.secrets.values():
            said = hidden.in_text(said)
        record.msg, record.args = said, ()
        return True


_in_logs = _InLogs()


def hide(secret: str) -> Hidden:
    """Hide a secret from now on in what httpx logs; the way to hide it elsewhere."""
    hidden = _in_logs.secrets.setdefault(secret, Hidden(secret))
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_in_logs)  # adds it once
    return hidden
