from dataclasses import replace
from datetime import UTC, datetime

import pytest

from db.diagnosis.health import Checkpoints, Counters, checkpoints, counters, judged, judged_checkpoints
from db.diagnosis.target import Target

GIB = 2**30
FINE = Counters(10**9, 10**6, 0, 0, 0, datetime(2026, 11, 1, tzinfo=UTC), 10 * 86400.0, 10**9, 10, 97)


async def test_every_postgresql_tells_what_it_counted(theirs: Target) -> None:
    found = await counters(theirs)
    assert isinstance(found, Counters)
    assert found.bytes > 2**20
    assert 1 <= found.connections < found.most_connections == 97
    assert found.since is not None
    assert found.since.utcoffset() == UTC.utcoffset(None)
    assert 0 <= (found.seconds or -1) < 3600
    assert judged(found) == []


@pytest.mark.parametrize(
    ("changed", "severity", "says"),
    [
        ({"blocks_hit": 97_000, "blocks_read": 3_000}, "watch", "97.0 % were found in shared_buffers"),
        ({"blocks_hit": 99_500, "blocks_read": 500}, None, ""),
        ({"blocks_hit": 900, "blocks_read": 100}, None, ""),
        ({"blocks_hit": 0, "blocks_read": 0}, None, ""),
        ({"temp_bytes": 241 * GIB, "temp_files": 1}, "watch", "wrote 241 GiB to 1 file because work_mem"),
        ({"temp_bytes": 239 * GIB, "temp_files": 9}, None, ""),
        ({"temp_bytes": GIB - 1, "seconds": 1.0}, None, ""),
        ({"temp_bytes": 999 * GIB, "seconds": None}, None, ""),
        ({"deadlocks": 50}, "watch", "50 deadlocks in 10 d"),
        ({"deadlocks": 49}, None, ""),
        ({"deadlocks": 4, "seconds": 60.0}, None, ""),
        ({"connections": 77}, None, ""),
        ({"connections": 78}, "watch", "78 of 97 connections are taken, 80 %"),
        ({"connections": 93}, "bad", "93 of 97"),
    ],
)
def test_what_was_counted_is_judged(changed: dict[str, object], severity: str | None, says: str) -> None:
    findings = judged(replace(FINE, **changed))  # type: ignore[arg-type]
    assert [one.severity for one in findings] == ([severity] if severity else [])
    assert all(says in one.sentence for one in findings)


async def test_every_postgresql_tells_its_checkpoints(theirs: Target) -> None:
    found = await checkpoints(theirs)
    assert isinstance(found, Checkpoints)
    assert found.timeout_seconds == 300
    assert found.most_wal_bytes == GIB
    assert (found.wal_bytes_a_second or 0) > 0
    assert judged_checkpoints(found) == []


def test_checkpoints_that_wal_forces_are_too_frequent() -> None:
    forced = Checkpoints(10, 90, 6000.0, 8 * 2**20, 300.0, GIB)  # one a minute, of 480 MiB
    (finding,) = judged_checkpoints(forced)
    assert "a checkpoint every 1 min instead of every 5 min" in finding.sentence
    assert finding.remedy_sql == "ALTER SYSTEM SET max_wal_size = '5GB'; SELECT pg_reload_conf()"
    assert finding.undo_sql == "ALTER SYSTEM SET max_wal_size = '1024MB'; SELECT pg_reload_conf()"
    for changed in (
        {"wal_bytes_a_second": 2.0**20},  # whoever asked, it was not WAL
        {"wal_bytes_a_second": None},
        {"on_time": 90, "asked_for": 10},
        {"on_time": 1, "asked_for": 18},
        {"seconds": 60000.0},
        {"seconds": None},
    ):
        assert judged_checkpoints(replace(forced, **changed)) == []  # type: ignore[arg-type]
