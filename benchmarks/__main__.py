"""`python -m benchmarks [NAME…] [--quick]`: measure, print one table, keep the numbers as JSON."""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import psutil

from benchmarks.catalogue import FIGURES
from benchmarks.figure import Figure, Reading
from benchmarks.lab import Lab, LabError
from benchmarks.report import raw_lines, table, write

RESULTS = Path(__file__).parent / "results"


def main(arguments: list[str]) -> int:
    """Measure what was asked for; 0 unless a figure could not be measured."""
    asked = _parsed(arguments)
    chosen = [figure for figure in FIGURES if not asked.names or figure.name in asked.names]
    signal.signal(signal.SIGTERM, _leave)
    before = os.getloadavg()[0]
    results: dict[str, list[Reading]] = {}
    failed = False
    with tempfile.TemporaryDirectory(prefix="subpulse-bench-") as folder:
        os.chmod(folder, 0o755)  # PostgreSQL runs as a user of its own when we are root
        lab = Lab(Path(folder), quick=asked.quick)
        for figure in chosen:
            print(f"{figure.name}: {figure.summary}", flush=True)
            try:
                with _limit(figure):
                    results[figure.name] = figure.run(lab)
            except (LabError, OSError, psutil.Error) as exc:
                failed = True
                print(f"  failed: {exc}", file=sys.stderr, flush=True)
                continue
            for reading in results[figure.name]:
                print("\n".join([f" {reading.name}", *raw_lines(reading)]), flush=True)
    print("\n" + table([reading for readings in results.values() for reading in readings]))
    print(f"\n{write(RESULTS, results, asked.quick, (before, os.getloadavg()[0]))}")
    return int(failed)


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(each.name for each in FIGURES))
    parser.add_argument("--quick", action="store_true", help="a short smoke run; its figures are rough")
    asked = parser.parse_args(arguments)
    unknown = set(asked.names) - {figure.name for figure in FIGURES}
    if unknown:
        parser.error(f"no figure named {', '.join(sorted(unknown))}")
    return asked


@contextmanager
def _limit(figure: Figure) -> Iterator[None]:
    """End the body with a LabError when it takes too long, whatever it waits for."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise LabError(f"not measured within {figure.limit_seconds} s")

    signal.signal(signal.SIGALRM, ring)
    signal.alarm(figure.limit_seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
