"""One HTTP question to somebody's service, judged: it is as expected, or the reason in words why not."""

import asyncio
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http import HTTPStatus
from typing import Any

import httpx

from collectors.body import ACCEPT_ENCODING, LargeBody, UnreadableBody, body_of
from collectors.probe_reasons import reason_of

USER_AGENT = "subpulse-probe"
LARGEST_BODY_BYTES = 2**20
MOST_REDIRECTS = 10
QUOTED_LETTERS = 60
PHASES = {
    "connection.connect_tcp.started": "no connection",
    "connection.start_tls.started": "connected, but no TLS handshake",
    "http11.send_request_headers.started": "connected, but the request was not taken",
    "http11.receive_response_headers.started": "connected, but no answer",
    "http11.receive_response_body.started": "the answer did not end",
}
"""What was not there when time ran out, by the step of httpx's trace that had begun."""


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask and what to expect; `expected` are ranges of statuses, both ends included."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: str | None = field(default=None, repr=False)
    expected: Sequence[tuple[int, int]] = ((200, 299),)
    contains: str | None = None
    lacks: str | None = None
    timeout_seconds: float = 10.0
    follow_redirects: bool = True
    tls_fail_days: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it. `reason` is None when all was as expected; `tls_ends_at` is the certificate's notAfter."""

    at: datetime
    seconds: float
    status: int | None = None
    reason: str | None = None
    tls_ends_at: datetime | None = None


class _Failed(Exception):
    """Not as expected; the message is the reason."""


@cache
def tls_context() -> ssl.SSLContext:
    """Trusts who the system and certifi trust, and SSL_CERT_FILE; takes 36 ms, so make it in a thread."""
    context = httpx.create_ssl_context()
    context.load_default_certs()
    return context


async def ask(question: Question) -> Answer:
    """Ask once, over a connection and with cookies of its own; never raises for what the service does."""
    asking = _Asking(question)
    made = tls_context.cache_info().currsize
    trusted = tls_context() if made else await asyncio.to_thread(tls_context)
    at, began = datetime.now(UTC), time.perf_counter()
    reason: str | None = None
    try:
        async with asyncio.timeout(question.timeout_seconds), _client(trusted) as http:
            await asking.run(http)
    except TimeoutError:
        reason = f"{asking.phase} within {question.timeout_seconds:g} s"
    except _Failed as exc:
        reason = str(exc)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as exc:
        reason = reason_of(exc, asking.host)
    seconds = time.perf_counter() - began
    await asking.hang_up()
    return Answer(at, seconds, asking.status, reason, asking.tls_ends_at)


def _client(trusted: ssl.SSLContext) -> httpx.AsyncClient:
    headers = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": ACCEPT_ENCODING}
    return httpx.AsyncClient(
        verify=trusted, headers=headers, timeout=None, limits=httpx.Limits(max_keepalive_connections=0)
    )


class _Asking:
    """One question on its way, with what is known by now."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.host = ""
        self.phase = PHASES["connection.connect_tcp.started"]
        self.status: int | None = None
        self.tls_ends_at: datetime | None = None
        self._connections: list[Any] = []  # httpcore's

    async def run(self, http: httpx.AsyncClient) -> None:
        asked = self.question
        request = http.build_request(
            asked.method, asked.url, headers=dict(asked.headers), content=_bytes(asked.body),
            extensions={"trace": self._trace},
        )  # fmt: skip
        for _ in range(MOST_REDIRECTS + 1):
            self.host = _host(request.url)
            response = await http.send(request, stream=True)
            try:
                self._note_certificate(response)
                following = response.next_request if asked.follow_redirects else None
                if following is None:
                    return await self._judge(response)
            finally:
                await response.aclose()
            request = self._redirected(request, following)
        raise _Failed(f"more than {MOST_REDIRECTS} redirects, the last to {_host(request.url)}")

    async def hang_up(self) -> None:
        """Close what httpcore leaves open when it is stopped in the middle of a TLS handshake."""
        for connection in self._connections:
            await connection.aclose()

    async def _trace(self, event: str, details: Mapping[str, Any]) -> None:
        self.phase = PHASES.get(event, self.phase)
        if event == "connection.connect_tcp.complete":
            self._connections.append(details["return_value"])

    def _redirected(self, before: httpx.Request, following: httpx.Request) -> httpx.Request:
        """The next request; what may be secret goes only to whom it was meant for (or to the same one over TLS)."""
        same = (before.url.host, before.url.scheme, before.url.port) == (
            following.url.host, following.url.scheme, following.url.port,
        )  # fmt: skip
        if not same and not _becomes_tls(before.url, following.url):
            for name in self.question.headers:
                if name.lower() not in ("user-agent", "accept", "accept-encoding", "host"):
                    following.headers.pop(name, None)
        return following

    def _note_certificate(self, response: httpx.Response) -> None:
        """Of several, the certificate that ends first."""
        stream = response.extensions.get("network_stream")
        tls = stream.get_extra_info("ssl_object") if stream is not None else None
        if tls is not None:
            ends_at = datetime.fromtimestamp(ssl.cert_time_to_seconds(tls.getpeercert()["notAfter"]), UTC)
            self.tls_ends_at = min(ends_at, self.tls_ends_at or ends_at)

    async def _judge(self, response: httpx.Response) -> None:
        self.status = response.status_code
        if not any(first <= self.status <= last for first, last in self.question.expected):
            raise _Failed(_unexpected(response))
        await self._judge_body(response)
        days = self.question.tls_fail_days
        if days is None or self.tls_ends_at is None:
            return
        if self.tls_ends_at < datetime.now(UTC) + timedelta(days=days):
            raise _Failed(f"its certificate ends on {self.tls_ends_at:%Y-%m-%d}, in less than {days} days")

    async def _judge_body(self, response: httpx.Response) -> None:
        contains, lacks = self.question.contains, self.question.lacks
        try:
            body = await body_of(response, LARGEST_BODY_BYTES)
        except (LargeBody, UnreadableBody) as exc:
            if contains or lacks:
                raise _Failed(f"the answer cannot be searched: it is {exc}") from exc
            return
        if not contains and not lacks:
            return
        text = body.decode(response.charset_encoding or "utf-8", errors="replace")
        if contains and contains not in text:
            raise _Failed(f"the answer does not contain “{_quoted(contains)}”")
        if lacks and lacks in text:
            raise _Failed(f"the answer contains “{_quoted(lacks)}”")


def _unexpected(response: httpx.Response) -> str:
    status = response.status_code
    try:
        said = f"answered {status} {HTTPStatus(status).phrase}"
    except ValueError:
        said = f"answered {status}"
    following = response.next_request
    return said if following is None else f"{said}, to {_host(following.url)}, which is not followed"


def _host(url: httpx.URL) -> str:
    return url.netloc.decode("ascii", errors="replace")


def _becomes_tls(before: httpx.URL, following: httpx.URL) -> bool:
    return before.host == following.host and (before.scheme, following.scheme) == ("http", "https")


def _bytes(text: str | None) -> bytes | None:
    return text.encode() if text else None


def _quoted(text: str) -> str:
    return text if len(text) <= QUOTED_LETTERS else f"{text[:QUOTED_LETTERS]}…"
