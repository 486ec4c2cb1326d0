"""Why a connection did not come about, in words: from the exception's innermost cause."""

import socket
import ssl
from collections.abc import Iterator

import httpx


def reason_of(exc: BaseException, host: str) -> str:
    """One line without secrets; the same for the same trouble, so that an outage has few of them.

    Args:
        host: who was asked, with its port.
    """
    causes = list(_causes(exc))
    for cause in causes:
        match cause:
            case socket.gaierror():
                return f"the name of {host} does not resolve"
            case ssl.SSLCertVerificationError():
                return f"the certificate of {host} is not valid: {_certificate_trouble(cause)}"
            case ssl.SSLError():
                return f"{host} does not speak TLS with us: {_tls_trouble(cause)}"
            case ConnectionRefusedError():
                return f"nobody listens at {host} (connection refused)"
            case ConnectionResetError() | BrokenPipeError():
                return f"{host} broke the connection off"
    for cause in causes:
        match cause:
            case httpx.UnsupportedProtocol() | httpx.InvalidURL():
                return "it redirects to what is no web address"
            case httpx.RemoteProtocolError():
                return f"{host} does not speak HTTP as it should: {_line(cause)}"
            case httpx.ProxyError():
                return f"the proxy on the way to {host} does not let us through: {_line(cause)}"
            case UnicodeError():
                return f"the name of {host} is none that could resolve"
    last = next((cause for cause in reversed(causes) if isinstance(cause, OSError) and cause.strerror), None)
    if last is not None:
        return f"no connection to {host}: {last.strerror}"
    return f"no connection to {host}: {_line(exc) or type(exc).__name__}"


def _causes(exc: BaseException) -> Iterator[BaseException]:
    """An exception and all that led to it, groups opened, each once."""
    waiting: list[BaseException | None] = [exc]
    seen: set[int] = set()
    while waiting:
        found = waiting.pop(0)
        if found is None or id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        if isinstance(found, BaseExceptionGroup):
            waiting += found.exceptions
        waiting += [found.__cause__, found.__context__]


def _certificate_trouble(exc: ssl.SSLCertVerificationError) -> str:
    return exc.verify_message.rstrip(".") or _tls_trouble(exc)


def _tls_trouble(exc: ssl.SSLError) -> str:
    return (exc.reason or "no handshake").replace("_", " ").lower()


def _line(exc: BaseException) -> str:
    return " ".join(str(exc).split())[:200]
