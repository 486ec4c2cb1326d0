from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from db import alerts, sources
from db.database import Database
from jobs.alert_rules import SOURCE
from jobs.context import Context
from jobs.source_alerts import check_sources
from tests.stored import sql, transitions


async def hear(db: Database, growth: Mapping[str, int], source: str = "sandbox") -> None:
    """In place of all that was heard before."""
    await sql(db, "DELETE FROM source_answers")
    await sources.add_answers(db, "me", source, datetime.now(UTC), growth)


async def check(context: Context, times: int = SOURCE.fire_after) -> int:
    return sum([await check_sources(context) for _ in range(times)])


async def messages(db: Database) -> list[str]:
    return [row["message"] for row in reversed(await transitions(db))]


async def test_it_fires_once_when_nothing_is_answered_any_more_and_is_over_with_the_answers(
    db: Database, context: Context
) -> None:
    await hear(db, {"unknown": 12, "unknown:blocked": 9, "unknown:timeout": 3})
    assert await check(context, SOURCE.fire_after - 1) == 0
    assert await check(context) == 1
    await hear(db, {"unknown": 12, "unknown:blocked": 12, "alive": 11})
    assert await check(context) == 0, "more than half of the requests fail still"
    await hear(db, {"unknown": 12, "unknown:blocked": 12, "alive": 13})
    assert await check(context) == 1
    assert await messages(db) == [
        "Sandbox does not answer, 12 requests failed (blocked)",
        "Sandbox answers again",
    ]
    (state,) = await sql(db, "SELECT rule, instance, state FROM alert_states")
    assert state == ("source sandbox", "", "ok"), "one for all processes"


async def test_refusals_of_communities_are_answers_and_of_credentials_are_none(
    db: Database, context: Context
) -> None:
    await hear(db, {"refused": 9, "refused:private": 9})
    assert await check(context) == 0
    await hear(db, {"refused": 9, "refused:unauthorized": 9})
    assert await check(context) == 1


async def test_too_few_answers_and_old_ones_tell_nothing(db: Database, context: Context) -> None:
    await hear(db, {"unknown": 2, "unknown:timeout": 2})
    assert await check(context) == 0
    old = datetime.now(UTC) - timedelta(minutes=5)
    await sources.add_answers(db, "me", "sandbox", old, {"unknown:timeout": 50})
    assert await check(context) == 0


async def test_a_refused_token_fires_without_an_answer(db: Database, context: Context) -> None:
    await sources.note_credentials(db, "sandbox", token_problem="expired on Monday")
    assert await check(context) == 1
    assert await messages(db) == ["Sandbox refuses our token: expired on Monday"]


async def test_the_alert_of_a_source_that_was_switched_off_is_over(db: Database, context: Context) -> None:
    context.instagram = None
    await alerts.state(db, "source instagram", "")
    gone = alerts.Change("source instagram", "", "ok", "firing", 100, 99, "Instagram refuses our token")
    assert await alerts.change(db, gone)
    assert await check(context) == 1
    assert await alerts.firing(db) == []
    assert (await messages(db))[-1] == "Instagram is not asked any more"
