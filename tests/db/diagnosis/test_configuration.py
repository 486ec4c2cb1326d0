from dataclasses import replace
from datetime import UTC, datetime

import pytest

from db.diagnosis import configuration
from db.diagnosis.configuration import Setting, judged, runs_here
from db.diagnosis.health import Counters
from db.diagnosis.target import Target, WatchedDatabase
from db.measure import QueryRecorder
from tests.db.diagnosis.others import run

MIB, GIB = 2**20, 2**30
MISSES = Counters(97 * 10**6, 3 * 10**6, 0, 0, 0, datetime(2026, 11, 1, tzinfo=UTC), 1e6, 9 * GIB, 10, 97)
CARELESS = {"fsync is off", "full_page_writes is off"}
"""what servers of tests are, on purpose"""


async def settings_of(target: Target) -> dict[str, Setting]:
    found = await configuration.settings(target)
    assert isinstance(found, list)
    return {one.name: one for one in found}


async def test_of_a_server_with_defaults_only_what_tests_switch_off_is_wrong(theirs: Target) -> None:
    found = await settings_of(theirs)
    assert found["shared_buffers"].bytes == 128 * MIB
    assert found["work_mem"].bytes == 4 * MIB
    assert found["max_connections"].bytes is None
    for memory in (None, GIB // 2, 24 * GIB):
        findings = judged(list(found.values()), None, memory, pool_size=20)
        assert {one.title for one in findings} <= CARELESS
        assert {one.severity for one in findings} <= {"bad"}


async def test_a_switch_that_is_the_wrong_way_is_told_with_the_way_back(theirs: Target) -> None:
    name = theirs.db.conninfo().partition("dbname=")[2].partition(" ")[0]
    await run(theirs, f"ALTER DATABASE {name} SET enable_hashjoin = off")
    again = WatchedDatabase(theirs.db.conninfo(), QueryRecorder(1000))
    await again.open()
    found = await settings_of(replace(theirs, db=again))
    await again.close()
    (finding,) = (one for one in judged(list(found.values())) if one.title not in CARELESS)
    assert (finding.severity, finding.title) == ("watch", "enable_hashjoin is off")
    assert finding.remedy_sql == "ALTER SYSTEM SET enable_hashjoin = 'on'; SELECT pg_reload_conf()"
    assert finding.undo_sql == "ALTER SYSTEM SET enable_hashjoin = 'off'; SELECT pg_reload_conf()"


def defaults(**changed: object) -> list[Setting]:
    values: dict[str, object] = {
        "fsync": "on",
        "autovacuum": "on",
        "zero_damaged_pages": "off",
        "enable_partitionwise_join": "off",
        "shared_buffers": 128 * MIB,
        "effective_cache_size": 4 * GIB,
        "work_mem": 4 * MIB,
        "max_connections": "100",
        "superuser_reserved_connections": "3",
    } | changed
    usual = {"enable_partitionwise_join": "off"}
    return [
        Setting(
            name,
            str(value),
            usual.get(name, "on"),
            name == "waiting",
            value if isinstance(value, int) else None,
        )
        for name, value in values.items()
    ]


@pytest.mark.parametrize(
    ("changed", "titles"),
    [
        ({}, []),
        ({"fsync": "off"}, ["fsync is off"]),
        ({"autovacuum": "off"}, ["autovacuum is off"]),
        ({"zero_damaged_pages": "on"}, ["zero_damaged_pages is on"]),
        ({"enable_seqscan": "off"}, ["enable_seqscan is off"]),
        ({"waiting": "5"}, ["waiting waits for a restart"]),
        ({"shared_buffers": 6 * GIB, "effective_cache_size": 8 * GIB}, ["shared_buffers is too large"]),
        ({"effective_cache_size": 9 * GIB}, ["effective_cache_size is too large"]),
        ({"effective_cache_size": 64 * MIB}, ["effective_cache_size is too small"]),
        ({"work_mem": 100 * MIB}, ["work_mem is too large"]),
        ({"max_connections": "22"}, ["max_connections is too small"]),
    ],
)
def test_settings_are_judged(changed: dict[str, object], titles: list[str]) -> None:
    findings = judged(defaults(**changed), None, 8 * GIB, pool_size=20)
    assert [one.title for one in findings] == titles
    assert all(one.sentence.endswith(".") for one in findings)


def test_without_knowing_the_memory_nothing_is_compared_with_it() -> None:
    assert judged(defaults(work_mem=GIB, shared_buffers=4 * GIB), MISSES) == []


def test_a_small_cache_is_wrong_only_where_blocks_are_missed_in_a_larger_database() -> None:
    (finding,) = judged(defaults(), MISSES, 8 * GIB)
    assert finding.title == "shared_buffers is small"
    assert finding.remedy_sql == "ALTER SYSTEM SET shared_buffers = '2048MB'"
    assert finding.undo_sql == "ALTER SYSTEM SET shared_buffers = '128MB'"
    assert judged(defaults(), replace(MISSES, blocks_read=1), 8 * GIB) == []
    assert judged(defaults(), replace(MISSES, bytes=100 * MIB), 8 * GIB) == []
    assert judged(defaults(shared_buffers=3 * GIB), MISSES, 8 * GIB) == []


@pytest.mark.parametrize(
    ("url", "is_here"),
    [
        ("postgresql://me@/shop?host=/run/postgresql", True),
        ("postgresql://me@localhost/shop", True),
        ("postgresql://me@127.0.0.1:6000/shop", True),
        ("postgresql://me@[::1]/shop", True),
        ("postgresql:///shop", True),
        ("postgresql://me@db.example.org/shop", False),
        ("postgresql://me@127.0.0.1,db.example.org/shop", False),
        ("postgresql://me@127.example.org/shop", False),
    ],
)
async def test_a_server_is_on_this_machine_by_how_it_is_reached(url: str, is_here: bool) -> None:
    assert runs_here(Target("x", WatchedDatabase(url, QueryRecorder(1000)), None)) == is_here
