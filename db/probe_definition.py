"""What a probe asks and expects, and what may be wrong with it: pure, so that a form can say it in place."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
WITHOUT_BODY = ("GET", "HEAD")
ANY_SUCCESS = "200-299"
SHORTEST_INTERVAL, LONGEST_INTERVAL = 10, 86_400  # seconds
LONGEST_TIMEOUT_SECONDS = 60.0
MOST_IN_A_ROW = 20
MOST_TLS_DAYS = 365
LONGEST_NAME, LONGEST_URL, LONGEST_TEXT, LONGEST_BODY = 80, 2_000, 500, 20_000
MOST_HEADERS = 30
OURS = frozenset({"connection", "content-length", "transfer-encoding"})
"""Headers that the connection itself decides."""
HIDDEN = "••••••"
"""Stands for a header's value wherever one is shown."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_STATUSES = re.compile(r"([0-9]{3})(?:-([0-9]{3}))?")
Statuses = tuple[tuple[int, int], ...]


class Unusable(ValueError):
    """An input that cannot be used; the message says why and what would do."""


@dataclass(frozen=True, slots=True)
class Definition:
    """What somebody writes down of a probe; times in seconds unless they say otherwise."""

    name: str
    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: str | None = field(default=None, repr=False)
    expected_status: str = ANY_SUCCESS
    contains: str | None = None
    lacks: str | None = None
    timeout_seconds: float = 10.0
    every_seconds: int = 60
    follow_redirects: bool = True
    down_after: int = 2
    up_after: int = 1
    tls_warn_days: int = 14
    tls_fail_days: int | None = None

    def problems(self) -> dict[str, str]:
        """What is wrong, by field; empty when it can be used."""
        checks: dict[str, Callable[[], object]] = {
            "name": self._check_name,
            "url": lambda: _check_url(self.url),
            "method": self._check_method,
            "headers": lambda: _check_headers(self.headers),
            "body": self._check_body,
            "expected_status": lambda: statuses(self.expected_status),
            "contains": lambda: self._check_text(self.contains),
            "lacks": lambda: self._check_text(self.lacks),
            "timeout_seconds": lambda: _check_number(self.timeout_seconds, 0.1, LONGEST_TIMEOUT_SECONDS),
            "every_seconds": lambda: _check_number(self.every_seconds, SHORTEST_INTERVAL, LONGEST_INTERVAL),
            "down_after": lambda: _check_number(self.down_after, 1, MOST_IN_A_ROW),
            "up_after": lambda: _check_number(self.up_after, 1, MOST_IN_A_ROW),
            "tls_warn_days": lambda: _check_number(self.tls_warn_days, 0, MOST_TLS_DAYS),
            "tls_fail_days": lambda: _check_number(self.tls_fail_days or 0, 0, MOST_TLS_DAYS),
        }
        found = {}
        for name, check in checks.items():
            try:
                check()
            except Unusable as exc:
                found[name] = str(exc)
        return found

    def _check_name(self) -> None:
        if not self.name.strip():
            raise Unusable("Give it a name, such as Shop")
        if len(self.name) > LONGEST_NAME or not self.name.isprintable():
            raise Unusable(f"At most {LONGEST_NAME} letters in one line")

    def _check_method(self) -> None:
        if self.method not in METHODS:
            raise Unusable(f"One of {', '.join(METHODS)}")

    def _check_body(self) -> None:
        if self.body and self.method in WITHOUT_BODY:
            raise Unusable(f"{self.method} sends no body; choose POST, or leave this empty")
        if len(self.body or "") > LONGEST_BODY:
            raise Unusable(f"At most {LONGEST_BODY:,} letters")
        _check_encodable(self.body or "")

    def _check_text(self, text: str | None) -> None:
        if text and self.method == "HEAD":
            raise Unusable("The answer to HEAD has no text; choose GET, or leave this empty")
        if len(text or "") > LONGEST_TEXT:
            raise Unusable(f"At most {LONGEST_TEXT} letters")
        _check_encodable(text or "")


def of_row(row: Mapping[str, Any]) -> Definition:
    """The definition in a row of `probes`, or in the JSON of a test."""
    return Definition(**{name: row[name] for name in Definition.__dataclass_fields__})


def statuses(text: str) -> Statuses:
    """`200-299, 401` as ((200, 299), (401, 401)); both ends belong to it.

    Raises:
        Unusable: it is not of that form.
    """
    found = []
    for part in re.split(r"[,\s]+", re.sub(r"\s*-\s*", "-", text.strip())):
        match = _STATUSES.fullmatch(part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 100 <= first <= last <= 599:
            raise Unusable(f"{part or 'Nothing'!r:.20} is no status; write such as 200-299 or 200, 401")
        found.append((first, last))
    return tuple(found)


def headers_in(text: str, stored: Mapping[str, str]) -> dict[str, str]:
    """Headers from lines of `Name: value`; a value left as HIDDEN is the stored one.

    Raises:
        Unusable: a line is not of that form, or hides a value that is not there. No value is ever quoted.
    """
    kept = {name.lower(): value for name, value in stored.items()}
    headers: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not colon or not _TOKEN.fullmatch(name):
            raise Unusable(f"Line {number} is no header; write such as Accept: text/html")
        if name.lower() in map(str.lower, headers):
            raise Unusable(f"{name} stands there twice; join its values with a comma")
        if value == HIDDEN:
            if name.lower() not in kept:
                raise Unusable(f"{name} has no stored value yet; write it out")
            value = kept[name.lower()]
        headers[name] = value
    _check_headers(headers)
    return headers


def hidden(headers: Mapping[str, str]) -> str:
    """Headers as lines that show no value; `headers_in` reads them back."""
    return "\n".join(f"{name}: {HIDDEN}" for name in headers)


def host_of(url: str) -> str:
    """Host and port of a URL, without what may be a secret."""
    return urlsplit(url).netloc.rpartition("@")[2]


def place_of(url: str) -> str:
    """A URL to show: without its query, which may hold a secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{host_of(url)}{parts.path}{'?…' if parts.query else ''}"


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        host, port, user = parts.hostname, parts.port, "@" in parts.netloc
    except ValueError as exc:  # a port out of range, half an IPv6 address
        raise Unusable(f"This is no URL: {exc}") from exc
    if parts.scheme not in ("http", "https") or not host:
        raise Unusable("Write a whole URL, from http:// or https:// on")
    if user:
        raise Unusable(
            "Leave name and password out of the URL; a header Authorization: Basic … keeps them hidden"
        )
    if port == 0 or re.search(r"[\s\x00-\x1f\x7f]", url):
        raise Unusable("A URL has no spaces or line breaks, and no port 0")
    if len(url) > LONGEST_URL:
        raise Unusable(f"At most {LONGEST_URL:,} letters")
    _check_encodable(url)


def _check_headers(headers: Mapping[str, str]) -> None:
    if len(headers) > MOST_HEADERS:
        raise Unusable(f"At most {MOST_HEADERS} headers")
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            raise Unusable(f"{name!r:.40} is no header's name")
        if name.lower() in OURS:
            raise Unusable(f"{name} is for the connection to decide; leave it out")
        if not value or re.search(r"[^\x20-\x7e]", value):
            raise Unusable(f"The value of {name} must be plain ASCII, and not empty")
        if len(value) > LONGEST_BODY:
            raise Unusable(f"The value of {name} is too long")


def _check_number(value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise Unusable(f"From {least:g} to {most:,g}")


def _check_encodable(text: str) -> None:
    """PostgreSQL keeps no null byte, and half a surrogate pair is no text."""
    if "\x00" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise Unusable("There is a character in it that is no text")
