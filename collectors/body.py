"""Read an answer's body as a stream: unpacked, and never more of it than a limit."""

import zlib
from typing import Protocol

import httpx

from collectors.errors import CollectorError

LARGEST_BODY_BYTES = 32 * 2**20
"""Unpacked. A hundred posts of 40,000 signs each, twice over as text and HTML, stay below a third of it."""
ACCEPT_ENCODING = "gzip"
"""The one packing that we ask for, as it can be unpacked to a limit."""

GZIP_OR_ZLIB = zlib.MAX_WBITS + 32


class UnreadableBody(CollectorError):
    """A body that is cut or packed in a way that we cannot unpack."""


class LargeBody(CollectorError):
    """A body beyond the limit."""


class _Unpacker(Protocol):
    def unpack(self, chunk: bytes, most: int) -> bytes: ...
    def end(self) -> None: ...


async def body_of(response: httpx.Response, limit: int = LARGEST_BODY_BYTES) -> bytes:
    """The unpacked body of a response whose stream has not been read.

    Raises:
        LargeBody: it is larger than `limit` bytes; the rest was not read.
        UnreadableBody: it is cut, or not packed as its header says.
        httpx.TransportError: the connection broke.
    """
    unpacker = _unpacker(response.headers.get("content-encoding", ""))
    body = bytearray()
    assert isinstance(response.stream, httpx.AsyncByteStream)
    # Not `aiter_bytes`: it unpacks a whole chunk, which may be a thousand times as large.
    async for chunk in response.stream:
        body += unpacker.unpack(chunk, limit + 1 - len(body))
        if len(body) > limit:
            raise LargeBody(f"larger than {limit / 2**20:g} MiB")
    unpacker.end()
    return bytes(body)


def _unpacker(encoding: str) -> _Unpacker:
    match encoding.strip().lower():
        case "" | "identity":
            return _Plain()
        case "gzip" | "x-gzip" | "deflate":
            return _Packed()
        case other:
            raise UnreadableBody(f"packed as {other!r:.40}")


class _Plain:
    def unpack(self, chunk: bytes, most: int) -> bytes:
        return chunk[:most]

    def end(self) -> None:
        """Where it ends is for the connection to say."""


class _Packed:
    def __init__(self) -> None:
        self._inflating = zlib.decompressobj(GZIP_OR_ZLIB)
        self._begun = False

    def unpack(self, chunk: bytes, most: int) -> bytes:
        self._begun = self._begun or bool(chunk)
        try:
            return self._inflating.decompress(chunk, most)
        except zlib.error as exc:
            raise UnreadableBody(f"cannot be unpacked: {exc}") from exc

    def end(self) -> None:
        if self._begun and not self._inflating.eof:
            raise UnreadableBody("cut in the middle of its packing")
