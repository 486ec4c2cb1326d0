"""How many of our requests found a connection open: counted around the transport, told per client."""

from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

CONNECTED = frozenset({"connection.connect_tcp.complete", "connection.connect_unix_socket.complete"})

SENT = frozenset({"http11.send_request_headers.started", "http2.send_request_headers.started"})


@dataclass(slots=True)
class Reuse:
    """Since the process began: requests sent and connections opened for them. What did not come about is neither."""

    requests: int = 0
    connections: int = 0

    @property
    def rate(self) -> float | None:
        """Percent of requests that needed no connection of their own; None before the first."""
        return 100 * max(self.requests - self.connections, 0) / self.requests if self.requests else None


_clients: dict[str, Reuse] = {}  # of the whole process: a client is opened anew by whoever needs one


def reuse() -> dict[str, Reuse]:
    """What each client did so far, by its name."""
    return dict(_clients)


class CountedTransport(httpx.AsyncBaseTransport):
    """A transport whose requests and connections are counted under a name."""

    def __init__(self, name: str, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport
        self._counted = _clients.setdefault(name, Reuse())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        traced = request.extensions.get("trace")

        async def trace(event: str, info: dict[str, Any]) -> None:
            self._counted.connections += event in CONNECTED
            self._counted.requests += event in SENT
            if traced is not None:
                await traced(event, info)

        request.extensions = {**request.extensions, "trace": trace}
        return await self._transport.handle_async_request(request)

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self._transport.__aexit__(exc_type, exc_value, traceback)

    async def aclose(self) -> None:
        await self._transport.aclose()
