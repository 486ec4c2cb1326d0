"""`python -m jobs import`: what an operator is told, what is in the tables, and what a second time changes."""

import signal
import time
from pathlib import Path
from typing import Any

import orjson
import pytest

from collectors.dumps.errors import Stopped
from collectors.dumps.opened import open_dump
from db import imports, subreddits
from db.database import Database
from jobs import import_files, importing
from jobs.import_files import Options
from jobs.importing import import_dump
from jobs.progress import ProgressBar
from jobs.runtime import Runtime
from tests.collectors.dump_lines import joined, line, write
from tests.factories import subreddit


def quiet(*_: int) -> None:
    """Nobody looks."""


def kept(rejects: Path) -> list[Any]:
    return [orjson.loads(each) for each in rejects.read_bytes().splitlines()]


async def stored(db: Database) -> dict[str, tuple[Any, ...]]:
    async with db.connection() as connection:
        cursor = await connection.execute("SELECT id, subreddit_id, title, score, deleted_at FROM posts")
        return {row[0]: row[1:] for row in await cursor.fetchall()}


async def test_files_come_in_and_a_bad_one_does_not_stop_the_next(
    runtime: Runtime, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profile = line(7, subreddit="u_kettle", subreddit_type="user", subreddit_id="t5_77")
    content = joined([line(1), b"{cut", line(2), b"", profile, line(3, title=None)])
    good = write(tmp_path / "RS.zst", content)
    broken = write(tmp_path / "cut.gz", joined(line(number) for number in range(100, 9_000)))
    broken.write_bytes(broken.read_bytes()[:-5_000])
    last = write(tmp_path / "last.ndjson", line(4))
    code = await import_files.run(runtime, [good, broken, last], Options(tmp_path / "rejects"))
    said = capsys.readouterr()
    assert code == import_files.A_FILE_FAILED
    first, second = (each for each in said.out.splitlines() if "lines," in each)
    assert first.startswith(
        "RS.zst: 5 lines, 2 stored (2 new), 2 rejected (1 no usable title, 1 not JSON), 1 left out (1 profile), "
    )
    assert second.startswith("last.ndjson: 1 lines, 1 stored (1 new), 0 rejected, ")
    assert "cut.gz ends in the middle of its gzip data" in said.err
    assert kept(Path(first.partition("rejects in ")[2])) == [
        {"position": content.index(b"{cut"), "reason": "not JSON", "line": "{cut"},
        {
            "position": content.index(line(3, title=None)),
            "reason": "no usable title",
            "line": line(3, title=None).decode(),
        },
    ]
    assert {"t3_a1", "t3_a2", "t3_a4", "t3_a100", "t3_a4000"} < set(await stored(runtime.context.db))
    runs = await runtime.context.db.rows("runs.recent", job="import", outcome=None, limit=9)
    assert sorted((run["outcome"], run["items"]) for run in runs if run["outcome"] == "succeeded") == [
        ("succeeded", 1),
        ("succeeded", 2),
    ]
    await import_files.run(runtime, [good], Options(tmp_path / "rejects"))
    assert "RS.zst: already in since" in capsys.readouterr().out


async def test_a_batch_with_known_posts_updates_them_unless_they_were_read_later(
    db: Database, tmp_path: Path
) -> None:
    first = joined([line(1, score=1), line(2, score=1, retrieved_on=1_900_000_000)])
    later = joined(
        [
            line(1, score=2, retrieved_on=1_800_000_000),
            line(2, score=2),
            line(3),
            line(3, score=33, retrieved_on=1_800_000_000),
        ]
    )
    for name, content in (("a", first), ("b", later)):
        done = await import_dump(db, open_dump(write(tmp_path / name, content)), tmp_path, quiet)
    assert (done.progress.stored, done.progress.new) == (4, 1)
    posts = await stored(db)
    assert {name: row[2] for name, row in posts.items()} == {"t3_a1": 2, "t3_a2": 1, "t3_a3": 33}


async def test_what_its_author_deleted_comes_in_without_words(db: Database, tmp_path: Path) -> None:
    content = joined([line(1, _meta={"removal_type": "deleted"}), line(2, selftext="[deleted]")])
    await import_dump(db, open_dump(write(tmp_path / "a", content)), tmp_path, quiet)
    assert all(title == "" and deleted for _, title, _, deleted in (await stored(db)).values())


async def test_a_name_without_id_finds_its_community_or_gets_a_stand_in(db: Database, tmp_path: Path) -> None:
    async with db.transaction() as session:
        await subreddits.merge(session, [subreddit(id="t5_real", name="TEAPOTS1")])
    content = joined(line(number, subreddit_id=None) for number in (1, 2))
    await import_dump(db, open_dump(write(tmp_path / "a", content)), tmp_path, quiet)
    assert {name: row[0] for name, row in (await stored(db)).items()} == {
        "t3_a1": "t5_real",
        "t3_a2": "r/teapots2",
    }


async def test_a_stopped_import_goes_on_where_it_ended(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH_LINES", 500)
    path = write(tmp_path / "a.zst", joined(line(number) for number in range(20_000)))
    dump = open_dump(path)
    with pytest.raises(Stopped):
        await import_dump(db, dump, tmp_path, lambda *_: dump.stop())
    half = len(await stored(db))
    assert 0 < half < 20_000
    done = await import_dump(db, open_dump(path), tmp_path, quiet)
    assert (done.stored, done.progress.new) == (20_000 - half, 20_000)
    assert len(await stored(db)) == 20_000


async def test_ctrl_c_says_how_to_go_on(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importing, "BATCH_LINES", 500)
    signals = iter([signal.SIGINT])
    monkeypatch.setattr(ProgressBar, "show", lambda *_: [signal.raise_signal(each) for each in signals])
    path = write(tmp_path / "a.zst", joined(line(number) for number in range(40_000)))
    assert await import_files.run(runtime, [path], Options(tmp_path)) == import_files.INTERRUPTED
    assert "a.zst: stopped; the same command goes on where this ended" in capsys.readouterr().err


async def test_an_import_that_another_process_is_at_says_so(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(imports.claimed.__wrapped__, "__defaults__", (0.0,))
    path = write(tmp_path / "a", line(1))
    async with imports.claimed(runtime.context.db, open_dump(path).fingerprint()):
        assert await import_files.run(runtime, [path], Options(tmp_path)) == import_files.A_FILE_FAILED
    assert "a: Another process is importing this file" in capsys.readouterr().err


def test_without_a_terminal_progress_is_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    now = iter([0.0, 5.0, 5.0, 20.0, 20.0, 20.0])
    with ProgressBar("RS.zst", 1_000, now=lambda: next(now, time.monotonic())) as bar:
        bar.show(0, 0)
        bar.show(500, 40_000)
    assert capsys.readouterr().err == "RS.zst: 50%, 40,000 rows, 2,000 rows/s, 20 s left\n"


async def test_a_file_without_any_record_is_a_failure(
    runtime: Runtime, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    others = write(tmp_path / "others.ndjson", b'{"temperature": 21}\n{"temperature": 22}\n')
    assert await import_files.run(runtime, [others], Options(tmp_path)) == import_files.A_FILE_FAILED
    assert "nothing in it is a post or a community" in capsys.readouterr().err
