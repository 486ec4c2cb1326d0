from pathlib import Path

import pytest

from db.database import with_schema
from db.embedded import EmbeddedServer
from db.errors import DatabaseDown, DatabaseError, EmbeddedServerError
from db.server import ExternalServer, prepare, schema_of, server_of
from settings import Settings


def test_an_operators_own_postgresql_is_only_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example.org/subpulse")
    server = server_of(Settings())
    assert isinstance(server, ExternalServer)
    server.revive()
    server.stop()
    assert server.start() == server.conninfo() == "postgresql://db.example.org/subpulse"


def test_else_one_of_our_own_in_the_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    server = server_of(Settings())
    assert isinstance(server, EmbeddedServer)
    assert server.folder == tmp_path / "postgres"
    with pytest.raises(EmbeddedServerError, match="was not started"):
        server.conninfo()


@pytest.mark.parametrize("source", ["sandbox", "reddit"])
def test_each_source_has_a_schema_of_its_own(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    monkeypatch.setenv("SUBPULSE_SOURCE", source)
    assert schema_of(Settings()) == f"subpulse_{source}"


def test_a_server_that_is_not_there_is_a_clear_error_on_one_line(tmp_path: Path) -> None:
    with pytest.raises(DatabaseDown, match="PostgreSQL does not answer: ") as caught:
        prepare(ExternalServer(f"postgresql://postgres@/postgres?host={tmp_path}"), "s")
    assert "\n" not in str(caught.value)


def test_preparing_twice_is_safe(database_url: str) -> None:
    for _ in range(2):
        prepare(ExternalServer(database_url), "subpulse_sandbox")
    assert "search_path=subpulse_sandbox" in with_schema(database_url, "subpulse_sandbox")


def test_a_folder_that_cannot_be_made_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EmbeddedServerError, match="name another folder with DATA_DIR"):
        EmbeddedServer(tmp_path / "file").start()


def test_every_database_error_says_something() -> None:
    for kind in (DatabaseError, DatabaseDown, EmbeddedServerError):
        assert str(kind())
        assert str(kind("this")) == "this"
