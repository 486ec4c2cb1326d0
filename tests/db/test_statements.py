import re
from pathlib import Path

import pytest

from db import statements as loader
from db.statements import FOLDER, names_by_text, statements

ROOT = Path(__file__).parents[2]


def topics(text: str) -> list[str]:
    """Those that a file names at its beginning, where it is read for several."""
    named = re.match(r"-- families: (.+)", text)
    return named[1].split(", ") if named else []


def test_every_heading_in_every_file_is_a_statement() -> None:
    headings = {
        f"{topic}.{name}"
        for path in FOLDER.glob("*.sql")
        for topic in topics(path.read_text()) or [path.stem]
        for name in re.findall(r"^-- name: (.+)$", path.read_text(), re.MULTILINE)
    }
    assert set(statements()) == headings
    assert len(headings) > 50


def test_each_statement_says_what_it_answers_and_has_a_body() -> None:
    for name, text in statements().items():
        comment, *body = text.splitlines()
        assert comment.startswith("-- "), name
        assert body, name


def test_a_text_leads_back_to_its_name() -> None:
    assert names_by_text()[statements()["runs.start"]] == "runs.start"
    assert len(names_by_text()) == len(statements()), "two statements have one text"


def test_the_code_names_no_statement_that_does_not_exist() -> None:
    topics = "|".join({name.partition(".")[0] for name in statements()})
    named = {
        name
        for folder in ("db", "jobs", "api", "dashboard")
        for path in (ROOT / folder).rglob("*.py")
        for name in re.findall(rf'"((?:{topics})\.[a-z_]+)"', path.read_text())
    }
    assert "subreddits.merge" in named
    assert named <= set(statements())


def test_an_unknown_name_is_an_error_at_once() -> None:
    with pytest.raises(KeyError, match="nonsense"):
        statements()["runs.nonsense"]


def test_only_what_stands_under_a_heading_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "teapots.sql").write_text(
        "-- about teapots\n\n-- name: all\n-- All.\nSELECT 1\n\n-- name: none\nSELECT 0\n"
    )
    monkeypatch.setattr(loader, "FOLDER", tmp_path)
    assert statements.__wrapped__() == {"teapots.all": "-- All.\nSELECT 1", "teapots.none": "SELECT 0"}


def test_a_file_of_families_is_read_once_for_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pots.sql").write_text(
        "-- families: teapots, kettles\n\n-- name: all\n-- All.\nSELECT FROM FAMILY_live"
    )
    monkeypatch.setattr(loader, "FOLDER", tmp_path)
    assert statements.__wrapped__() == {
        "teapots.all": "-- All.\nSELECT FROM teapots_live",
        "kettles.all": "-- All.\nSELECT FROM kettles_live",
    }
