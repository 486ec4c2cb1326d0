"""Recorded answers, spoilt by chance: cut, swapped, flipped, mislabelled, broken off."""

import gzip
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import httpx

from tests.collectors.conftest import Recording
from tests.collectors.streams import Pieces

STATUSES = (
    *(200, 200, 200, 201, 204, 206, 301, 302, 304, 400, 401, 403, 404, 408, 409, 410, 413, 415),
    *(422, 429, 451, 500, 501, 502, 503, 504, 520, 522, 599),
)
TYPES = ("text/html", "application/json", "image/png", "text/plain; charset=utf-16", "")
PACKINGS = ("gzip", "deflate", "br", "identity", "zstd", "gzip, gzip", "\u00e9")
BREAKS = (httpx.ReadError("reset"), httpx.RemoteProtocolError("cut"), httpx.ReadTimeout("slow"))
ODD_HEADERS = {
    "location": (
        "",
        "/subreddits/search?q=x",
        "http://[",
        "//\u00e9",
        "javascript:1",
        "http://a.test:99999999/",
    ),
    "retry-after": ("-1", "nan", "1e400", "4", "soon", "99999999999"),
    "x-ratelimit-remaining": ("-5", "0", "inf", "12.5", ""),
    "x-ratelimit-reset": ("0", "9e99", "1700000000000", "x", "-1"),
    "x-ratelimit-used": ("1", "1e308", "used", "-0"),
    "content-length": ("0", "5", "99999999", "many"),
    "set-cookie": ("a=b", "=;=;", "\x7f"),
}


@dataclass(frozen=True)
class Raw:
    """An answer as bytes on their way; `error` breaks the connection at the body's end."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    error: Exception | None = None

    def response(self) -> httpx.Response:
        headers = [(name.encode(), text.encode("utf-8", "replace")) for name, text in self.headers]
        return httpx.Response(self.status, headers=headers, stream=Pieces(self.body, 65_536, self.error))

    def having(self, **headers: str) -> "Raw":
        named = tuple((name.replace("_", "-"), text) for name, text in headers.items())
        kept = tuple((name, text) for name, text in self.headers if name.lower() not in dict(named))
        return replace(self, headers=kept + named)


def raw_of(recording: Recording) -> Raw:
    """As it was recorded; bodies are kept unpacked, whatever their header says."""
    kept = {
        name: text
        for name, text in recording.headers.items()
        if name.lower() not in {"content-encoding", "content-length", "transfer-encoding"}
    }
    return Raw(recording.status or 200, tuple(kept.items()), recording.body)


@dataclass
class Chance:
    """Draws answers; the same seed draws the same."""

    answers: Sequence[Raw]
    random: random.Random

    def draw(self) -> Raw:
        """One of the answers as it is, or with up to three things wrong."""
        raw = self.random.choice(self.answers)
        for spoil in self.random.sample(self._spoils(), self.random.choice((0, 1, 1, 2, 3))):
            raw = spoil(raw)
        return raw

    def _spoils(self) -> list[Callable[[Raw], Raw]]:
        pick = self.random.choice
        odd = pick(list(ODD_HEADERS))
        return [
            lambda raw: replace(raw, body=raw.body[: self.random.randrange(len(raw.body) + 1)]),
            lambda raw: replace(raw, body=pick(self.answers).body),
            lambda raw: replace(raw, headers=pick(self.answers).headers),
            lambda raw: replace(raw, status=pick(STATUSES)),
            lambda raw: replace(raw, body=self._flipped(raw.body)),
            lambda raw: replace(raw, error=pick(BREAKS)),
            lambda raw: replace(raw, body=pick((b"", b"null", b"[" * 2_000, b'{"a":' * 2_000, b"\x00" * 50))),
            lambda raw: raw.having(content_type=pick(TYPES)),
            lambda raw: raw.having(content_encoding=pick(PACKINGS)),
            lambda raw: raw.having(**{odd.replace("-", "_"): pick(ODD_HEADERS[odd])}),
            lambda raw: replace(raw, body=self._cut_gzip(raw.body)).having(content_encoding="gzip"),
        ]

    def _flipped(self, body: bytes) -> bytes:
        flipped = bytearray(body)
        for _ in range(self.random.randint(1, 20) if flipped else 0):
            flipped[self.random.randrange(len(flipped))] = self.random.randrange(256)
        return bytes(flipped)

    def _cut_gzip(self, body: bytes) -> bytes:
        packed = gzip.compress(body, compresslevel=1)
        return packed[: self.random.choice((len(packed), self.random.randrange(len(packed))))]
