from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from db import sources
from db.database import Database
from db.errors import DatabaseDown
from db.sources import Credentials
from jobs import flush_telemetry, source_health
from jobs.context import Context
from tests.factories import subreddit
from tests.stored import keep, sql

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class Told:
    """A client that counted and was told what a test says."""

    tally: Counter[str] = field(default_factory=Counter)
    token_expires_at: datetime | None = None
    token_problem: str | None = None
    quota_percent: float | None = None


@pytest.fixture
def client(context: Context) -> Told:
    """The process's source of communities."""
    context.source = told = Told()  # type: ignore[assignment]
    return told


async def counted(db: Database, source: str = "sandbox") -> tuple[int, int, int, dict[str, int]]:
    heard = (await sources.heard(db, LONG_AGO)).get(source, sources.Heard())
    return heard.requests, heard.alive, heard.unknown, heard.reasons


async def test_what_was_heard_is_flushed_once(db: Database, context: Context, client: Told) -> None:
    client.tally.update({"requests": 3, "alive": 2, "unknown": 1, "unknown:timeout": 1})
    assert await source_health.store(context) == 3
    assert await source_health.store(context) == 0
    client.tally.update({"requests": 1, "alive": 1})
    await flush_telemetry.run(context)
    assert await counted(db) == (4, 3, 1, {"unknown:timeout": 1})
    assert await sql(db, "SELECT DISTINCT instance FROM source_answers") == [(context.instance,)]


async def test_what_an_outage_kept_from_being_stored_is_stored_after_it(
    db: Database, context: Context, client: Told, going_away: Callable[[bool], None]
) -> None:
    client.tally["alive"] += 2
    going_away(True)
    with pytest.raises(DatabaseDown):
        await source_health.store(context)
    client.tally["alive"] += 1
    going_away(False)
    await source_health.store(context)
    assert await counted(db) == (0, 3, 0, {})


async def test_instagram_is_counted_beside_the_communities(
    db: Database, context: Context, client: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    instagram = Told(Counter(alive=5), quota_percent=40)
    monkeypatch.setattr(source_health, "clients", lambda _: {"sandbox": client, "instagram": instagram})
    await source_health.store(context)
    assert (await counted(db, "instagram"))[1] == 5
    communities, other = await source_health.read(context)
    assert (communities.name, other.name) == ("sandbox", "instagram")
    assert (other.heard.alive, other.credentials.quota_percent, other.budget) == (5, 40, None)


async def test_credentials_are_noted_when_they_change(db: Database, context: Context, client: Told) -> None:
    await source_health.store(context)
    assert await sources.credentials(db) == {}, "nothing was told"
    client.token_problem = "no token with these credentials"
    await source_health.store(context)
    assert await sources.credentials(db) == {"sandbox": Credentials(token_problem=client.token_problem)}
    client.token_problem, client.token_expires_at = None, LONG_AGO
    db.recorder.drain()
    for _ in range(2):
        await source_health.store(context)
    assert await sources.credentials(db) == {"sandbox": Credentials(token_expires_at=LONG_AGO)}
    calls = db.recorder.drain().together
    assert calls["sources.note_credentials", "subpulse"].calls == 1


async def test_what_a_process_before_was_told_is_over_with_the_first_answer(
    db: Database, context: Context, client: Told
) -> None:
    await sources.note_credentials(db, "sandbox", token_problem="expired")
    await source_health.store(context)
    assert (await sources.credentials(db))["sandbox"].token_problem == "expired", "nothing was asked since"
    client.tally["alive"] += 1
    await source_health.store(context)
    assert await sources.credentials(db) == {"sandbox": Credentials()}


async def test_the_sandbox_itself_is_read_with_its_budget_token_and_what_is_overdue(
    db: Database, context: Context
) -> None:
    await keep(db, subreddit())
    await sql(db, "UPDATE subreddits SET next_due_at = now() - interval '1 hour'")
    await context.source.about("nowhere_at_all")
    await flush_telemetry.run(context)
    health, *_ = await source_health.read(context)
    assert (health.label, health.sandbox) == ("Sandbox", True)
    assert health.heard.requests >= 1
    assert health.heard.reasons == {"refused:missing": 1}
    assert health.budget is not None
    assert health.window_ends_at is not None
    assert health.credentials.token_expires_at is not None
    assert health.overdue is not None
    assert health.overdue.count == 1
    told: dict[str, Any] = orjson.loads(orjson.dumps(health.as_json()))
    assert told["requests_per_minute"] == health.heard.requests / 5
    assert told["token_expires_at"] == health.credentials.token_expires_at.timestamp()
    assert told["last_alive_at"] is None, "a refusal is not what was asked for"


async def test_what_was_heard_long_ago_is_not_of_the_present(
    db: Database, context: Context, client: Told
) -> None:
    before = datetime.now(UTC) - timedelta(minutes=7)
    await sources.add_answers(db, "another", "sandbox", before, {"alive": 1})
    health, *_ = await source_health.read(context)
    assert health.heard.alive == 0
    assert health.last_alive_at == before
