import asyncio
from typing import Any

import pytest

from db import alerts, instances
from db.alerts import Change
from db.database import Database
from db.measure import QueryRecorder
from tests.stored import sql, transitions


def change(**overrides: Any) -> Change:
    fields: dict[str, Any] = {
        "rule": "memory",
        "instance": "me",
        "old": "ok",
        "new": "firing",
        "value": 84.0,
        "threshold": 80.0,
        "message": "Memory at 84 %",
        "freed_bytes": 4096,
    }
    return Change(**(fields | overrides))


BACK = change(old="firing", new="ok", value=70.0, threshold=75.0, message="Memory back", freed_bytes=None)


async def test_every_rule_begins_in_order(db: Database) -> None:
    assert await alerts.state(db, "memory", "me") == "ok"
    assert await alerts.state(db, "memory", "me") == "ok"
    assert await sql(db, "SELECT rule, instance FROM alert_states") == [("memory", "me")]


async def test_a_change_is_kept_with_its_reading(db: Database) -> None:
    await alerts.state(db, "memory", "me")
    assert await alerts.change(db, change())
    assert await alerts.state(db, "memory", "me") == "firing"
    (firing,) = await alerts.firing(db)
    assert (firing["value"], firing["threshold"], firing["message"]) == (84.0, 80.0, "Memory at 84 %")
    (kept,) = await transitions(db)
    assert (kept["state"], kept["freed_bytes"], kept["sent_at"]) == ("firing", 4096, None)
    assert kept["lasted"].total_seconds() >= 0


async def test_the_same_change_twice_happens_once(db: Database) -> None:
    await alerts.state(db, "memory", "me")
    assert [await alerts.change(db, change()) for _ in range(2)] == [True, False]
    assert len(await transitions(db)) == 1


async def test_over_is_a_change_too_and_the_newest_comes_first(db: Database) -> None:
    await alerts.state(db, "memory", "me")
    assert await alerts.change(db, change())
    assert await alerts.change(db, BACK)
    assert await alerts.firing(db) == []
    assert [row["state"] for row in await transitions(db)] == ["ok", "firing"]
    assert [row["state"] for row in (await transitions(db))[:1]] == ["ok"]


async def test_of_many_processes_that_race_exactly_one_changes_the_state(
    db: Database, database_url: str
) -> None:
    other = Database(database_url, db.schema, QueryRecorder(100), pool_size=4)
    await other.open()
    await alerts.state(db, "latency", "")
    for _ in range(10):
        for each in (
            change(rule="latency", instance=""),
            change(rule="latency", instance="", old="firing", new="ok"),
        ):
            won = await asyncio.gather(*(alerts.change(who, each) for who in (db, other) * 4))
            assert sorted(won) == [False] * 7 + [True]
    await other.close()
    assert len(await transitions(db)) == 20


async def test_processes_have_states_of_their_own(db: Database) -> None:
    for instance in ("me", "you"):
        await alerts.state(db, "memory", instance)
    await alerts.change(db, change())
    assert await alerts.state(db, "memory", "you") == "ok"


@pytest.fixture
async def two_firing(db: Database) -> Database:
    """`alive` and `gone` fire; one is there and one has left. So does a rule of all processes."""
    for instance in ("alive", "gone"):
        await instances.join(db, instance, "app")
        await alerts.state(db, "memory", instance)
        await alerts.change(db, change(instance=instance))
    await alerts.state(db, "latency", "")
    await alerts.change(db, change(rule="latency", instance=""))
    await instances.leave(db, "gone")
    return db


async def test_the_alert_of_a_process_that_is_gone_is_over_and_says_so_once(two_firing: Database) -> None:
    assert await alerts.resolve_gone(two_firing) == 1
    assert await alerts.resolve_gone(two_firing) == 0
    assert {row["instance"] for row in await alerts.firing(two_firing)} == {"alive", ""}
    newest = (await transitions(two_firing))[0]
    assert (newest["rule"], newest["instance"], newest["state"]) == ("memory", "gone", "ok")
    assert newest["threshold"] == 80.0
    assert "ended" in newest["message"]
    assert newest["sent_at"] is None, "whoever heard that it fires hears that it is over"


async def test_a_silent_process_is_gone_too(two_firing: Database) -> None:
    await sql(two_firing, "UPDATE instances SET seen_at = now() - interval '1 minute' WHERE id = 'alive'")
    assert await alerts.resolve_gone(two_firing) == 2
    assert [row["rule"] for row in await alerts.firing(two_firing)] == ["latency"]
