"""Ctrl-C ends everything, PostgreSQL included; the next start has lost nothing."""

from pathlib import Path

import httpx
import psutil

from tests.process.conftest import Running, Start


def has_collected(running: Running) -> dict[str, int] | None:
    stats: dict[str, int] = running.get("/api/stats").json()
    return stats if stats.get("posts", 0) > 500 else None


def servers_of(folder: str) -> list[int]:
    """Process ids of PostgreSQL servers that keep their data below a folder."""
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if any(folder in part for part in process.info["cmdline"] or ())
        and "postgres" in (process.info["cmdline"] or [""])[0]
    ]


def test_a_restart_has_lost_nothing(start: Start, data_dir: Path) -> None:
    first = start()
    first.until_healthy()
    before = first.until(has_collected)
    assert servers_of(str(data_dir))
    assert first.interrupt() == 0
    assert servers_of(str(data_dir)) == []

    second = start()
    second.until_healthy()
    after = second.get("/api/stats").json()
    assert after["communities"] >= before["communities"]
    assert after["posts"] >= before["posts"]
    assert second.interrupt() == 0
    log = first.log.read_text()
    assert "Traceback" not in log, log
    assert "rror" not in log, log


def test_open_streams_do_not_hold_up_the_stop(start: Start) -> None:
    running = start()
    running.until_healthy()
    with httpx.stream("GET", f"{running.url}/api/live", timeout=30) as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith("id: ")
        running.process.send_signal(2)
        assert running.process.wait(15) == 0
