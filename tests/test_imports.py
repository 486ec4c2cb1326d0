"""Imports point one way, so that every part can be understood, tested and replaced by itself."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BELOW = {"settings"}
ALLOWED = {
    "streamlit_app": {"dashboard", "settings"},
    "dashboard": {"settings"},
    "dashboard/data": {"db", "settings"},
    "api": {"caching", "db", "categorization", "pulse", "settings"},
    "serving": {"api", "settings"},
    "jobs": {"collectors", "db", "categorization", "pulse", "settings"},
    "collectors": BELOW,
    "db": BELOW,
    "caching": set(),
    "categorization": BELOW,
    "pulse": BELOW,
    "settings": set(),
    "logs": set(),
}
OURS = {path.stem for path in ROOT.iterdir() if path.suffix == ".py" or any(path.glob("*.py"))}
FILES = [
    path
    for part in sorted(OURS - {"app", "tests", "benchmarks"})
    for path in (ROOT / f"{part}.py", *sorted((ROOT / part).rglob("*.py")))
    if path.exists() and path.name != "__main__.py"  # app.py and these put the parts together
]


def imported(path: Path) -> set[str]:
    """Which of our own parts a file imports, at its top or anywhere within."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level]
    return {name.partition(".")[0] for name in names} & OURS


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_imports_only_what_lies_below_it(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    part = name.removesuffix(".py").partition("/")[0]
    folder = path.parent.relative_to(ROOT).as_posix()
    assert imported(path) <= ALLOWED.get(folder, ALLOWED[part]) | {part}


def test_the_walk_sees_what_there_is_to_see() -> None:
    assert {"app", "api", "dashboard", "jobs", "db", "collectors", "pulse", "settings", "logs"} <= OURS
    assert imported(ROOT / "dashboard" / "data" / "bridge.py") >= {"db", "settings"}
    assert len(FILES) > 80
    assert imported(ROOT / "app.py") >= {"api", "db", "jobs", "pulse", "settings"}
