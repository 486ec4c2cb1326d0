from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from api.services import Services
from db import sources
from db.database import Database
from pulse import Part
from tests.factories import subreddit
from tests.stored import keep

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


async def test_it_tells_present_reasons_steps_and_freshness(
    http: httpx.AsyncClient, services: Services, db: Database
) -> None:
    told = {"name": "reddit", "token_expires_at": NOON.timestamp(), "last_alive_at": None, "alive": 3}
    services.pulse.publish(lambda: Part(now={"sources": [told]}))
    services.pulse.tick()
    growth = {"requests": 4, "alive": 3, "unknown": 1, "unknown:blocked": 1}
    await sources.add_answers(db, "me", "reddit", datetime.now(UTC), growth)
    await keep(db, subreddit())
    answer = await http.get("/api/sources")
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert body["sources"] == [{**told, "token_expires_at": "2026-11-23T12:00:00+00:00"}]
    assert [(row["source"], row["outcome"], row["reason"], row["count"]) for row in body["reasons"]] == [
        ("reddit", "request", "", 4),
        ("reddit", "alive", "", 3),
        ("reddit", "unknown", "blocked", 1),
    ]
    (step,) = body["steps"]
    assert (step["requests"], step["alive"], step["refused"], step["unknown"]) == (4, 3, 0, 1)
    assert body["freshness"]["communities"] == 1
    assert body["freshness"]["refreshed"]["within_1_h"] == 1
    assert body["freshness"]["states"] == [{"state": "alive", "reason": None, "communities": 1}]
    assert body["freshness"]["overdue"] == {"count": 0, "since": None, "is_at_least": False}


async def test_before_the_first_frame_no_source_is_told_of(http: httpx.AsyncClient) -> None:
    body = (await http.get("/api/sources")).json()
    assert (body["sources"], body["reasons"], body["steps"]) == ([], [], [])


async def test_the_range_says_how_far_back_and_how_fine(http: httpx.AsyncClient, db: Database) -> None:
    two_hours_ago = datetime.now(UTC) - timedelta(hours=2)
    await sources.add_answers(db, "me", "reddit", two_hours_ago, {"alive": 1})
    assert (await http.get("/api/sources")).json()["reasons"] == []
    body = (await http.get("/api/sources", params={"minutes": 1440})).json()
    assert (len(body["reasons"]), body["step_seconds"]) == (1, 720)


async def test_the_second_answer_costs_postgresql_nothing(
    http: httpx.AsyncClient, services: Services
) -> None:
    await http.get("/api/sources")
    services.db.recorder.drain()
    await http.get("/api/sources")
    assert services.db.recorder.drain().together == {}


@pytest.mark.parametrize("minutes", ["0", "43201", "an hour"])
async def test_a_range_that_cannot_be_is_a_problem(
    http: httpx.AsyncClient, problem: Callable[[httpx.Response], dict[str, Any]], minutes: str
) -> None:
    answer = await http.get("/api/sources", params={"minutes": minutes})
    assert problem(answer)["errors"][0]["field"] == "minutes"


async def test_it_is_described(http: httpx.AsyncClient) -> None:
    described = (await http.get("/api/openapi.json")).json()["paths"]["/sources"]["get"]
    assert "freshness" in described["description"]
