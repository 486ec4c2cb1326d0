"""Debian's Prometheus and its promtool, for tests that ask them whether they understand us."""

import subprocess

from tests import programs


def program(name: str) -> str:
    """Where it is; the test is skipped without it, except where the packages are said to be there."""
    return programs.program(name, "prometheus")


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
