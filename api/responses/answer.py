"""An answer as it leaves: status, headers and body, with and without the body when the client has it already."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.responses.coding import Accepted, encoded, worth_coding
from api.responses.etag import etag_of, matches

Headers = list[tuple[bytes, bytes]]
# A 304 says what the 200 would have said, less what describes the body (RFC 9110, 15.4.5).
OF_THE_BODY = frozenset({b"content-length", b"content-type", b"content-encoding"})


@dataclass(frozen=True, slots=True)
class Plain:
    """What a route answered; `failure` is the error that it answered, which the server has yet to log."""

    status: int
    headers: Headers
    body: bytes
    failure: Exception | None = None

    def header(self, name: bytes) -> str:
        """A header's value, empty where there is none."""
        return next((value.decode("latin-1") for key, value in self.headers if key == name), "")


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes over the wire. `etag` is empty for an answer that cannot be had already, such as an error.

    Attributes:
        tags: those that it has for itself.
        made_at: when it was computed, in seconds of the clock that asks for its age.
        plain_bytes: the body's size before it was compressed.
    """

    status: int
    headers: Headers
    body: bytes
    etag: bytes
    made_at: float
    plain_bytes: int
    not_modified: Headers
    tags: tuple[str, ...] = ()

    @classmethod
    async def of(
        cls,
        plain: Plain,
        accepted: Accepted,
        levels: Mapping[str, int],
        said: Headers,
        made_at: float,
        tags: tuple[str, ...] = (),
    ) -> Self:
        """The route's answer, compressed where that is worth it.

        Args:
            levels: how hard to compress, by coding.
            said: headers in the place of the route's own of the same names, for an answer of 200.
        """
        body, coding = plain.body, None
        if plain.header(b"content-encoding") == "" and worth_coding(
            plain.header(b"content-type"), len(body), accepted
        ):
            coding = accepted.coding
        if coding is not None:
            body = await encoded(body, coding, levels)
        etag = etag_of(body, coding) if plain.status == 200 else b""
        headers = _with(plain, coding, etag, said, len(body))
        return cls(
            status=plain.status,
            headers=headers,
            body=body,
            etag=etag,
            made_at=made_at,
            plain_bytes=len(plain.body),
            not_modified=[one for one in headers if one[0] not in OF_THE_BODY],
            tags=tags,
        )

    def saying(self, header: tuple[bytes, bytes]) -> Self:
        """The same with another header in the place of its own of that name."""
        return replace(
            self,
            headers=[one for one in self.headers if one[0] != header[0]] + [header],
            not_modified=[one for one in self.not_modified if one[0] != header[0]] + [header],
        )

    async def send(
        self, send: Send, if_none_match: bytes, with_body: bool, *more: tuple[bytes, bytes]
    ) -> int:
        """Send it, or only that it is not modified; the status sent.

        The headers go out as a list of their own, because Streamlit's middleware adds to what it is given.
        """
        if if_none_match and self.etag and matches(if_none_match, self.etag):
            await send({"type": "http.response.start", "status": 304, "headers": [*self.not_modified, *more]})
            await send({"type": "http.response.body", "body": b""})
            return 304
        await send({"type": "http.response.start", "status": self.status, "headers": [*self.headers, *more]})
        await send({"type": "http.response.body", "body": self.body if with_body else b""})
        return self.status


def size_of(answer: Answer) -> int:
    """Bytes that keeping it takes."""
    return len(answer.body) + sum(len(name) + len(value) for name, value in answer.headers)


def _with(plain: Plain, coding: str | None, etag: bytes, said: Headers, length: int) -> Headers:
    """The route's headers with ours: Vary on every answer, because every one could have been compressed."""
    replaced = {b"content-length", b"vary"} | ({name for name, _ in said} if etag else set())
    headers = [one for one in plain.headers if one[0] not in replaced]
    headers.append((b"content-length", b"%d" % length))
    headers.append((b"vary", _vary(plain.header(b"vary"))))
    if coding is not None:
        headers.append((b"content-encoding", coding.encode()))
    if etag:
        headers += [(b"etag", etag), *said]
    return headers


def _vary(own: str) -> bytes:
    if "accept-encoding" in own.lower():
        return own.encode()
    return f"{own}, Accept-Encoding".encode() if own else b"Accept-Encoding"


async def ask(app: ASGIApp, scope: Scope, receive: Receive) -> Plain:
    """The whole of what the application answers to this request."""
    started: Message | None = None
    pieces: list[bytes] = []
    failure = None

    async def note(message: Message) -> None:
        nonlocal started
        if message["type"] == "http.response.start":
            started = message
        elif message["type"] == "http.response.body":
            pieces.append(message.get("body", b""))

    try:
        await app(scope, receive, note)
    except Exception as exc:  # whatever it is: what was answered goes out first, and then it is raised again
        if started is None:
            raise
        failure = exc
    assert started is not None, "the application ended without an answer"
    headers = [(name.lower(), value) for name, value in started.get("headers", ())]
    return Plain(started["status"], headers, b"".join(pieces), failure)
