"""A WebSocket that counts the messages it receives and looks into none (RFC 6455).

It answers pings, because the server drops who does not, and reads nothing else of what it is sent.
"""

import asyncio
import base64
import os
from collections.abc import Callable
from typing import cast

MASKED = 0x80
FINAL = 0x80
CLOSE, PING, PONG = 0x8, 0x9, 0xA


class FrameCounter(asyncio.Protocol):
    """One connection; `received` is called with each message's size.

    `open` is done after the handshake, `first` after the first message, `closed` at the end.
    """

    def __init__(self, host: str, path: str, received: Callable[[int], None]) -> None:
        loop = asyncio.get_running_loop()
        self.open: asyncio.Future[None] = loop.create_future()
        self.first: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()
        self.messages = 0
        self._host, self._path, self._received = host, path, received
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._skip = 0  # bytes still to come of the data frame at hand
        self._size = 0  # bytes of the message at hand
        self._final = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)  # uvloop's is one without saying so
        self._transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET {self._path} HTTP/1.1\r\nHost: {self._host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        if self._skip >= len(data):  # the middle of a long message, or exactly its end
            self._passed(len(data))
            return
        if self._skip:
            data = data[self._skip :]
            self._passed(self._skip)
        self._buffer += data
        if not self.open.done() and not self._handshake():
            return
        while self._frame():
            pass

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.open.done():
            self.open.set_exception(ConnectionError("closed before the handshake"))
        self.first.cancel()
        self.closed.set_result(None)

    def close(self) -> None:
        """Leave without ado."""
        if self._transport is not None:
            self._transport.abort()

    def _handshake(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        status = bytes(self._buffer[: self._buffer.find(b"\r\n")])
        del self._buffer[: end + 4]
        if status.split()[1:2] == [b"101"]:
            self.open.set_result(None)
            return True
        self.open.set_exception(ConnectionError(f"no WebSocket: {status.decode(errors='replace')}"))
        self.close()
        return False

    def _frame(self) -> bool:
        """Take one frame from the buffer; False when there is none to take yet."""
        buffer = self._buffer
        if len(buffer) < 2:
            return False
        opcode, length, header = buffer[0] & 0x0F, buffer[1] & 0x7F, 2
        if length > 125:
            header = 4 if length == 126 else 10
            if len(buffer) < header:
                return False
            length = int.from_bytes(buffer[2:header], "big")
        if opcode >= CLOSE:
            return self._control(opcode, header, length)
        self._final = bool(buffer[0] & FINAL)
        here = min(len(buffer) - header, length)
        del buffer[: header + here]
        self._skip = length
        self._passed(here)
        return self._skip == 0

    def _passed(self, size: int) -> None:
        """So many bytes of the data frame at hand went by."""
        self._skip -= size
        self._size += size
        if self._skip == 0 and self._final:
            self.messages += 1
            if self.messages == 1:
                self.first.set_result(None)
            self._received(self._size)
            self._size = 0

    def _control(self, opcode: int, header: int, length: int) -> bool:
        if len(self._buffer) < header + length:
            return False
        payload = bytes(self._buffer[header : header + length])
        del self._buffer[: header + length]
        if opcode == CLOSE:
            self.close()
        elif opcode == PING and self._transport is not None:
            self._transport.write(bytes([FINAL | PONG, MASKED | length, 0, 0, 0, 0]) + payload)
        return True
