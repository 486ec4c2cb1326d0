"""`python -m jobs` as an operator types it, in a process of its own."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from jobs.schedule import JOBS
from settings import ROOT, Settings
from tests.collectors.dump_lines import joined, line
from tests.conftest import folder_for_postgres

Result = subprocess.CompletedProcess[str]


def environment(data_dir: Path | str, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields}
    return kept | {"DATA_DIR": str(data_dir), "SANDBOX_LATENCY_MS": "0", "SANDBOX_ERROR_RATE": "0"} | more


def jobs(data_dir: Path | str, *arguments: str, **more: str) -> Result:
    return subprocess.run(
        [sys.executable, "-m", "jobs", *arguments],
        cwd=ROOT,
        env=environment(data_dir, **more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """A folder in which `run` finds what the run before it left."""
    with folder_for_postgres() as folder:
        yield folder


@pytest.fixture
def url(database_url: str) -> str:
    """The test's own database as an operator would name it."""
    parts = conninfo_to_dict(database_url)
    return f"postgresql://{parts['user']}@/{parts['dbname']}?host={parts['host']}"


def test_the_list_names_every_job_and_needs_no_database(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder for a database")
    listed = jobs(tmp_path / "file", "list")
    assert (listed.returncode, listed.stderr) == (0, "")
    lines = dict(line.split(maxsplit=1) for line in listed.stdout.splitlines())
    assert set(lines) == {job.name for job in JOBS} | {"follow_instagram", "probe_self"}
    assert re.match(r"every 10 min +shared +find communities", lines["discover_subreddits"])
    assert re.match(r"every 1 h +shared", lines["prune"])
    assert re.match(r"every 7 d +shared", lines["optimize_databases"])
    assert re.match(r"every 5 s +each process", lines["check_alerts"])


def test_an_unknown_job_is_answered_with_those_there_are(tmp_path: Path) -> None:
    said = jobs(tmp_path, "run", "brew")
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.startswith("subpulse: no job named 'brew'; there are discover_subreddits, ")
    assert not (tmp_path / "postgres").exists()


def test_a_bad_setting_is_one_line(tmp_path: Path) -> None:
    said = jobs(tmp_path, "list", PORT="0")
    assert said.returncode == 2
    assert re.fullmatch(r"subpulse: PORT=0: .+\n", said.stderr)


def test_a_folder_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    said = jobs(tmp_path / "file", "run", "prune")
    assert said.returncode == 2
    assert re.fullmatch(r"subpulse: .+DATA_DIR\n", said.stderr)


def test_jobs_run_once_here_and_now_and_find_what_the_one_before_left(data_dir: Path) -> None:
    found = jobs(data_dir, "run", "discover_subreddits")
    assert (found.returncode, found.stderr) == (0, "")
    said = (
        r"discover_subreddits: succeeded in [\d.]+ s \([\d.]+ s CPU\), [\d,]+ items, "
        r"memory \d+ MiB before, \d+ peak, \d+ after\n"
    )
    assert re.fullmatch(said, found.stdout)
    nothing = jobs(data_dir, "run", "refresh_subreddits")
    assert (nothing.returncode, nothing.stdout) == (0, "refresh_subreddits: nothing is due\n")


def test_a_run_that_fails_says_why_and_exits_with_1(database_url: str, url: str, data_dir: Path) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP TABLE subpulse_sandbox.source_answers")
    said = jobs(data_dir, "run", "prune", DATABASE_URL=url)
    assert (said.returncode, said.stderr) == (1, "")
    assert re.fullmatch(
        r'prune: failed: UndefinedTable: relation "source_answers" does not exist.*', said.stdout, re.S
    )


def test_a_worker_works_until_it_is_told_to_stop(database_url: str, url: str, data_dir: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "jobs", "worker"],
        cwd=ROOT,
        env=environment(data_dir, DATABASE_URL=url, LOG_LEVEL="error"),
        stderr=subprocess.PIPE,
        text=True,
    ) as worker:
        assert worker.stderr is not None
        assert re.fullmatch(r"worker \S+ at work \(Ctrl-C stops it\)\n", worker.stderr.readline())
        worker.send_signal(signal.SIGTERM)
        rest = worker.stderr.read()
        assert worker.wait(timeout=30) == 0
    assert rest == ""
    with psycopg.connect(database_url) as connection:
        left = connection.execute(
            "SELECT role, stopped_at IS NOT NULL FROM subpulse_sandbox.instances"
        ).fetchall()
    assert left == [("worker", True)]


def test_an_import_comes_in_where_real_data_is_and_only_there(url: str, tmp_path: Path) -> None:
    file = tmp_path / "posts.ndjson"
    file.write_bytes(joined([line(1), line(2)]))
    among_made_up = jobs(tmp_path, "import", str(file), DATABASE_URL=url)
    assert among_made_up.returncode == 2
    assert "SUBPULSE_SOURCE=arctic_shift" in among_made_up.stderr
    done = jobs(tmp_path, "import", str(file), DATABASE_URL=url, SUBPULSE_SOURCE="arctic_shift")
    assert (done.returncode, "2 stored (2 new)" in done.stdout) == (0, True), done.stderr
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM subpulse_arctic_shift.posts").fetchall() == [(2,)]
