"""Child processes answer while needed, are told apart when they fail, and are gone afterwards."""

import os
import subprocess
import sys

import psutil
import pytest

from benchmarks.__main__ import main
from benchmarks.catalogue import FIGURES
from benchmarks.lab import Lab, LabError, ending, free_port, pin
from benchmarks.worker import worker

OBEDIENT = "import time; time.sleep(60)"
PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"


@pytest.mark.parametrize("program", [OBEDIENT, PARENT])
def test_a_child_and_its_children_are_gone_afterwards(program):
    child = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL)
    with ending(child):
        family = psutil.Process(child.pid).children(recursive=True)
    assert child.returncode is not None
    assert not any(process.is_running() for process in family)


def test_a_worker_answers_and_leaves(tmp_path):
    with worker(Lab(tmp_path), "listeners") as listeners:
        assert listeners.ask("reset") is None
        process = listeners._process
    assert process.returncode == 0


def test_a_worker_that_fails_is_an_error(tmp_path, capfd):
    with worker(Lab(tmp_path), "listeners") as listeners, pytest.raises(LabError, match="asked to dance"):
        listeners.ask("dance")
    assert "KeyError: 'dance'" in capfd.readouterr().err


def test_a_server_that_ends_at_once_says_why(tmp_path):
    command = [sys.executable, "-c", "import sys; sys.exit('no such thing')"]
    with (
        pytest.raises(LabError, match="ended with 1: no such thing"),
        Lab(tmp_path).server(command, free_port(), "/health", os.environ, tmp_path),
    ):
        pytest.fail("it did not start")


def test_a_server_counts_as_started_at_its_first_200(tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    with Lab(tmp_path).server(command, port, "/", os.environ, tmp_path) as server:
        assert server.seconds_to_start > 0
        assert server.cpu_seconds() >= 0
        process = server.process
    assert not process.is_running()


def test_a_server_that_ends_in_the_middle_spoils_the_figure(tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]

    def figure() -> None:
        with Lab(tmp_path).server(command, port, "/", os.environ, tmp_path) as server:
            server.process.kill()
            server.child.wait()

    with pytest.raises(LabError, match="ended with -9"):
        figure()


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system pins no process to a core")
def test_a_process_stays_on_its_core():
    child = subprocess.Popen([sys.executable, "-c", OBEDIENT], stderr=subprocess.DEVNULL)
    core = min(os.sched_getaffinity(0))
    with ending(child):
        pin(psutil.Process(child.pid), core)
        assert os.sched_getaffinity(child.pid) == {core}


def test_every_figure_says_what_it_measures():
    assert len({figure.name for figure in FIGURES}) == len(FIGURES)
    assert all(figure.summary.endswith((".", ",")) for figure in FIGURES)


def test_an_unknown_figure_is_named(capsys):
    with pytest.raises(SystemExit):
        main(["speed"])
    assert "no figure named speed" in capsys.readouterr().err
