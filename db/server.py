"""Which PostgreSQL: the operator's own, or the embedded one."""

from typing import Protocol

import psycopg

from db import partitions
from db.database import with_schema
from db.embedded import EmbeddedServer, running_conninfo
from db.errors import DatabaseDown, DatabaseError
from db.migrate import migrate
from settings import Settings


class Server(Protocol):
    """A PostgreSQL that can be started (or is there already), asked where it listens, and left."""

    def start(self) -> str: ...
    def conninfo(self) -> str: ...
    def revive(self) -> None: ...
    def stop(self) -> None: ...


class ExternalServer:
    """A PostgreSQL that somebody else runs; Subpulse only connects to it."""

    def __init__(self, url: str) -> None:
        self._url = url

    def start(self) -> str:
        return self._url

    def conninfo(self) -> str:
        return self._url

    def revive(self) -> None:
        """Not ours to start; wait for its return."""

    def stop(self) -> None:
        """Not ours to stop."""


def server_of(settings: Settings) -> Server:
    """The server that the settings name."""
    return (
        ExternalServer(settings.database_url) if settings.database_url else EmbeddedServer(settings.data_dir)
    )


def running_server(settings: Settings) -> str | None:
    """Where a PostgreSQL of these settings may be asked without starting one; None when there is none."""
    return settings.database_url or running_conninfo(settings.data_dir)


def schema_of(settings: Settings) -> str:
    """Each source keeps its data in a schema of its own, so that sandbox rows never mix with real ones."""
    return f"subpulse_{settings.source}"


def prepare(server: Server, schema: str) -> None:
    """Start the server and bring the schema up to date; safe to repeat.

    Raises:
        DatabaseError: one of its kinds, whose message says what to do.
    """
    conninfo = server.start()
    try:
        migrate(conninfo, schema)
        partitions.maintain(with_schema(conninfo, schema))
    except psycopg.OperationalError as exc:
        raise DatabaseDown(f"PostgreSQL does not answer: {' '.join(str(exc).split())}") from exc
    except psycopg.Error as exc:
        raise DatabaseError(f"the schema {schema} cannot be made: {' '.join(str(exc).split())}") from exc
