"""How the process is served: its port, Streamlit's own options, the pages that are open, and its end."""

import errno
import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any

from streamlit import runtime as streamlit_runtime
from streamlit.runtime.stats import ACTIVE_SESSIONS_FAMILY, GaugeStat

from api.hosts import allowed_hosts
from settings import Settings, SettingsError


def server_options(settings: Settings) -> dict[str, Any]:
    """What the settings say to Streamlit's server. On a loopback address only loopback names may reach a page's
    WebSocket, and those that the operator allowed: a name that merely resolves to this machine is not ours."""
    return {
        "server.port": settings.port,
        "server.address": settings.bind_address,
        "server.allowedHosts": sorted(allowed_hosts(settings)),
    }


def check_port(settings: Settings) -> None:
    """See whether the port can be had.

    Raises:
        SettingsError: it cannot, and how to mend that.
    """
    family = socket.AF_INET6 if ":" in settings.bind_address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.bind_address, settings.port))
        except OSError as exc:
            raise SettingsError(
                f"cannot listen on {settings.bind_address}:{settings.port}: {exc.strerror}; {_way_out(exc, settings)}"
            ) from exc


def _way_out(exc: OSError, settings: Settings) -> str:
    if exc.errno == errno.EADDRINUSE:
        return f"choose another port, such as PORT={settings.port + 1 if settings.port < 65535 else 8501}"
    return "BIND_ADDRESS must be an address of this machine, and ports below 1024 are the system's"


def open_pages() -> int | None:
    """Browser tabs with a page of the dashboard open; None before the dashboard runs."""
    if not streamlit_runtime.exists():
        return None
    found = streamlit_runtime.get_instance().stats_mgr.get_stats([ACTIVE_SESSIONS_FAMILY])
    return sum(stat.value for stat in found.get(ACTIVE_SESSIONS_FAMILY, ()) if isinstance(stat, GaugeStat))


def before_stopping(call: Callable[[], None]) -> None:
    """Call this on Ctrl-C or SIGTERM before the server stops: it waits for open streams, so they must end first."""
    for number in (signal.SIGINT, signal.SIGTERM):
        following = signal.getsignal(number)

        def handle(received: int, frame: FrameType | None, following: Any = following) -> None:
            call()
            if callable(following):
                following(received, frame)

        try:
            signal.signal(number, handle)
        except ValueError:
            return  # not the main thread: whoever runs us there handles signals
