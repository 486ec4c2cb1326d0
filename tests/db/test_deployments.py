"""What went out, and when."""

import asyncio
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from db import deployments
from db.database import Database
from settings import VERSION


async def noted(db: Database) -> list[tuple[str, str | None]]:
    now = datetime.now(UTC)
    rows = await deployments.between(db, now - timedelta(hours=1), now + timedelta(hours=1))
    return [(row["version"], row["what"]) for row in rows]


async def test_a_start_is_noted_only_with_another_version_than_the_last(db: Database) -> None:
    assert await deployments.note_start(db, "1", "one")
    assert not await deployments.note_start(db, "1", "two")
    assert await deployments.note_start(db, "2", "two")
    assert await deployments.note_start(db, "1", "one")
    assert await noted(db) == [("1", None), ("2", None), ("1", None)]


async def test_processes_that_start_at_once_note_it_once(db: Database) -> None:
    found = await asyncio.gather(*(deployments.note_start(db, "1", str(number)) for number in range(4)))
    assert sorted(found) == [False, False, False, True]


async def test_the_operators_words_are_kept_and_do_not_hide_a_new_version(db: Database) -> None:
    await deployments.note_start(db, "1", "one")
    await deployments.add(db, "  new index\non posts ", "2")
    assert await deployments.note_start(db, "2", "one")
    assert await noted(db) == [("2", None), ("2", "new index on posts"), ("1", None)]


@pytest.mark.parametrize(("words", "said"), [(" \n", "say what went out"), ("x" * 201, "201 characters")])
async def test_no_words_and_too_many_are_refused(db: Database, words: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        await deployments.add(db, words, "1")
    assert await noted(db) == []


def test_the_version_names_the_commit_of_a_checkout_and_else_stands_alone(tmp_path: Path) -> None:
    assert deployments.running_version(tmp_path) == VERSION
    (tmp_path / ".git").mkdir()
    assert deployments.running_version(tmp_path) == VERSION
    for command in (
        ["init", "-q"],
        ["-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "--allow-empty", "-m", "a"],
    ):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    name, commit = deployments.running_version(tmp_path).split()
    assert name == VERSION
    assert len(commit) >= 7
