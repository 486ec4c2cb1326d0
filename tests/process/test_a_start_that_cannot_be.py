"""A start that cannot be is one clear line and exit code 1."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from settings import ROOT
from tests.process.conftest import free_port


def start_in_vain(*arguments: str, **environment: str) -> list[str]:
    """What a start prints that must fail with exit code 1."""
    ended = subprocess.run(
        [sys.executable, "app.py", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PORT": str(free_port())} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1, ended.stderr
    return (ended.stdout + ended.stderr).splitlines()


def test_a_port_in_use_is_named_with_the_way_out(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (line,) = start_in_vain(PORT=str(port), DATA_DIR=str(tmp_path / "data"))
    assert line.startswith(
        f"subpulse: cannot listen on 127.0.0.1:{port}: Address already in use; choose another"
    )
    assert not (tmp_path / "data").exists(), "nothing was started for a process that cannot be"


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    (line,) = start_in_vain(DATA_DIR=str(tmp_path / "file" / "data"))
    assert line.startswith(f"subpulse: cannot keep data in {tmp_path}/file/data")
    assert "DATA_DIR" in line


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("PORT", "eighty", "PORT=eighty: "),
        ("DATABASE_URL", "mysql://somewhere", "DATABASE_URL: begin it with postgresql://"),
        ("SUBPULSE_SOURCE", "reddit", "SUBPULSE_SOURCE=reddit needs REDDIT_CLIENT_ID"),
    ],
)
def test_an_unusable_setting_is_named(name: str, value: str, expected: str) -> None:
    (line,) = start_in_vain(**{name: value})
    assert line.startswith(f"subpulse: {expected}")


def test_a_database_that_does_not_answer_is_named() -> None:
    (line,) = start_in_vain(DATABASE_URL="postgresql://nobody@127.0.0.1:1/none?connect_timeout=2")
    assert line.startswith("subpulse: PostgreSQL does not answer: ")


def test_arguments_are_not_silently_ignored() -> None:
    (line,) = start_in_vain("--port", "9000")
    assert line.startswith("subpulse: app.py takes no arguments; settings come from the environment")
