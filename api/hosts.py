"""On a loopback address, only loopback names may ask: a foreign page whose name merely resolves to this machine
(DNS rebinding) sends no Origin with a plain GET, but it cannot hide its Host."""

from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from api.problems import problem
from api.telemetry import is_ours
from settings import LOOPBACK, Settings


def allowed_hosts(settings: Settings) -> frozenset[str]:
    """Names under which Subpulse may be asked; empty for any, when it listens beyond this machine."""
    if settings.bind_address not in LOOPBACK:
        return frozenset()
    return LOOPBACK | {urlsplit(origin).hostname or "" for origin in settings.allowed_origins}


def is_known(host: bytes, hosts: frozenset[str]) -> bool:
    """Whether a Host header's name is among these; without any, all are."""
    return not hosts or (urlsplit(f"//{host.decode('latin-1')}").hostname or "") in hosts


class KnownHosts:
    """Answers 403 to requests of ours under any other name."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self.app, self.hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self.hosts or not is_ours(scope["path"], untimed=True):
            await self.app(scope, receive, send)
            return
        host = next((value for name, value in scope["headers"] if name == b"host"), b"")
        if is_known(host, self.hosts):
            await self.app(scope, receive, send)
            return
        why = f"host {host.decode('latin-1')[:60]} is not known; name its origin in ALLOWED_ORIGINS"
        await problem(403, "Forbidden", why)(scope, receive, send)
