"""Readings as a table for people and as JSON for comparing."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.figure import Goal, Reading

HEADINGS = ("figure", "measured", "to reach", "reached")


def table(readings: Sequence[Reading]) -> str:
    """A Markdown table, columns aligned."""
    rows = [HEADINGS, *(_cells(reading) for reading in readings)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _cells(reading: Reading) -> tuple[str, str, str, str]:
    reached = {None: "", True: "yes", False: "NO"}[reading.reached]
    return reading.name, f"{number(reading.measured)} {reading.unit}", _goal(reading.goal), reached


def _goal(goal: Goal | None) -> str:
    return f"{'≥' if goal.at_least else '≤'} {number(goal.limit)}" if goal else "for information"


def number(value: float) -> str:
    """Three significant digits, thousands separated."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def raw_lines(reading: Reading) -> list[str]:
    """The numbers behind a reading, one line each."""
    return [f"  {name}: {_shown(value)}" for name, value in reading.raw.items()]


def _shown(value: Any) -> str:
    match value:
        case float():
            return number(value)
        case list():
            return ", ".join(_shown(each) for each in value)
        case dict():
            return "{" + "  ".join(f"{name} {_shown(each)}" for name, each in value.items()) + "}"
        case _:
            return str(value)


def write(folder: Path, results: dict[str, list[Reading]], quick: bool, load: Sequence[float]) -> Path:
    """Keep the results as JSON in `folder`, named by the time.

    Args:
        results: readings by figure.
        load: the machine's load averages over one minute, before and after.
    """
    now = datetime.now(UTC)
    document = {
        "at": now.isoformat(timespec="seconds"),
        "quick": quick,
        "machine": {
            "system": platform.platform(),
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "load_before_and_after": load,
        },
        "figures": {
            name: [asdict(reading) | {"reached": reading.reached} for reading in readings]
            for name, readings in results.items()
        },
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{now:%Y%m%d-%H%M%S}.json"
    path.write_text(json.dumps(document, indent=1) + "\n")
    return path
