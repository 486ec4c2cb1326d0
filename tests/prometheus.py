"""Debian's Prometheus and its promtool, for tests that ask them whether they understand us."""

import os
import shutil
import subprocess

import pytest


def program(name: str) -> str:
    """Where it is; the test is skipped without it, except where the packages are said to be there."""
    path = shutil.which(name)
    if path is None:
        why = f"no {name}: apt-get install prometheus"
        if os.environ.get("SYSTEM_PACKAGES_REQUIRED"):
            pytest.fail(why)
        pytest.skip(why)
    return path


def complaints(text: bytes) -> str:
    """What `promtool check metrics` says of Prometheus's text format; nothing when all is well."""
    said = subprocess.run(
        [program("promtool"), "check", "metrics"],
        input=text,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=30,
        check=False,
    )
    return f"exit code {said.returncode}: {said.stdout.decode()}" if said.returncode or said.stdout else ""
