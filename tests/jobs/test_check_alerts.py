from typing import Any

import pytest

from db import alerts
from db.database import Database
from jobs import check_alerts
from jobs.context import Context
from tests.jobs.conftest import MIB, Readings
from tests.stored import transitions


async def check(context: Context, memory: Readings, *percents: float) -> list[bool]:
    """Whether the alert changed at each reading."""
    changed = []
    for memory.percent in percents:
        changed.append(await check_alerts.check_memory(context))
    return changed


async def kept(db: Database) -> list[tuple[Any, ...]]:
    """State, reading, threshold and freed bytes of each transition, oldest first."""
    rows = await transitions(db)
    return [(row["state"], row["value"], row["threshold"], row["freed_bytes"]) for row in reversed(rows)]


async def test_it_fires_once_after_two_readings_and_is_over_after_two(
    db: Database, context: Context, memory: Readings
) -> None:
    assert await check(context, memory, 79, 81, 79, 81, 82, 83, 84) == [False] * 4 + [True] + [False] * 2
    assert await check(context, memory, 76, 75, 74, 73, 72) == [False] * 3 + [True, False]
    assert await kept(db) == [("firing", 82, 80, 0), ("ok", 73, 75, None)]
    firing, over = [row["message"] for row in reversed(await transitions(db))]
    assert firing == "Memory at 82 % of 1,000 MiB (MEMORY_LIMIT_MB), above 80 %"
    assert over == "Memory back at 73 % of 1,000 MiB (MEMORY_LIMIT_MB), below 75 %"


async def test_flapping_between_the_thresholds_is_nothing_to_tell(
    db: Database, context: Context, memory: Readings
) -> None:
    assert not any(await check(context, memory, *(79.9, 75.1) * 5))
    assert await kept(db) == []


async def test_garbage_is_collected_first_and_what_that_freed_is_kept(
    db: Database, context: Context, memory: Readings, monkeypatch: pytest.MonkeyPatch
) -> None:
    collected: list[float] = []

    def release() -> int:
        collected.append(memory.percent)
        memory.percent -= 5
        return 50 * MIB

    monkeypatch.setattr(check_alerts, "release_memory", release)
    assert await check(context, memory, 90, 90) == [False, True]
    assert collected == [90], "not before it would fire"
    assert await kept(db) == [("firing", 85, 80, 50 * MIB)]


async def test_when_collecting_garbage_was_enough_nobody_is_told(
    db: Database, context: Context, memory: Readings, monkeypatch: pytest.MonkeyPatch
) -> None:
    collected: list[None] = []

    def release() -> int:
        collected.append(None)
        memory.percent = 60
        return 300 * MIB

    monkeypatch.setattr(check_alerts, "release_memory", release)
    assert await check(context, memory, 90, 90) == [False, False]
    assert await kept(db) == []
    assert await check(context, memory, 90) == [False], "it takes two readings again"
    assert await check(context, memory, 90) == [False]
    assert len(collected) == 2


async def test_a_process_that_another_was_quicker_than_changes_nothing(
    db: Database, context: Context, memory: Readings
) -> None:
    await check(context, memory, 90)
    other = alerts.Change("memory", context.instance, "ok", "firing", 99, 80, "first")
    await alerts.state(db, "memory", context.instance)
    assert await alerts.change(db, other)
    assert await check(context, memory, 90, 90) == [False, False]
    assert [row["message"] for row in await transitions(db)] == ["first"]


async def test_a_restart_goes_on_from_the_state_that_is_kept(
    db: Database, context: Context, memory: Readings
) -> None:
    await check(context, memory, 90, 90)
    context.memory_streak = type(context.memory_streak)(context.memory_streak.rule)
    assert await check(context, memory, 90, 90, 90) == [False] * 3
    assert await check(context, memory, 70, 70) == [False, True]


async def test_the_jobs_items_are_changes_and_messages_sent(context: Context, memory: Readings) -> None:
    counts = []
    for memory.percent in (90, 90, 90):
        counts.append(await check_alerts.run(context))
    assert counts == [0, 1, 0]
