import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson
import pytest

from api.services import Services
from pulse import Part
from tests.waiting import until

Event = tuple[str, str, dict[str, Any]]


def events_of(answer: httpx.Response) -> list[Event]:
    """(id, event, data) of each server-sent event."""
    assert answer.content.endswith(b"\n\n")
    found = []
    for block in answer.text.removesuffix("\n\n").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        found.append((fields["id"], fields["event"], orjson.loads(fields["data"])))
    return found


@asynccontextmanager
async def listening(
    http: httpx.AsyncClient, services: Services, path: str = "/api/live", **headers: str
) -> AsyncIterator[list[Event]]:
    """The events that a listener got by the end of the body, which ends the pulse."""
    events: list[Event] = []
    request = asyncio.create_task(
        http.get(path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    )
    await until(lambda: services.pulse.listeners or request.done())
    yield events
    services.pulse.close()
    answer = await request
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    events += events_of(answer)


async def test_the_history_comes_first_and_then_a_frame_a_tick(
    http: httpx.AsyncClient, services: Services
) -> None:
    pulse = services.pulse
    pulse.publish(lambda: Part(series={"text": None, "n": 1.5}, now={"said": "line\nbreak\n\nand more"}))
    first = pulse.tick()
    async with listening(http, services) as events:
        second, third = pulse.tick(), pulse.tick()
    assert [(id_, event) for id_, event, _ in events] == [
        (first.id, "history"),
        (second.id, "frame"),
        (third.id, "frame"),
    ]
    assert events[0][2]["series"] == {"text": [None], "n": [1.5]}
    assert events[1][2]["now"] == {"said": "line\nbreak\n\nand more"}
    assert pulse.listeners == 0


async def test_a_listener_that_comes_back_gets_what_it_missed(
    http: httpx.AsyncClient, services: Services
) -> None:
    seen = services.pulse.tick()
    missed = services.pulse.tick()
    async with listening(http, services, last_event_id=seen.id) as events:
        pass
    ((id_, event, data),) = events
    assert (id_, event, len(data["at"])) == (missed.id, "history", 1)


async def test_the_place_may_stand_in_the_address_and_the_header_comes_first(
    http: httpx.AsyncClient, services: Services
) -> None:
    first, second = services.pulse.tick(), services.pulse.tick()
    services.pulse.tick()
    async with listening(http, services, f"/api/live?after={first.id}", last_event_id=second.id) as events:
        pass
    assert len(events[0][2]["at"]) == 1


async def test_the_place_in_the_address_alone_counts_too(http: httpx.AsyncClient, services: Services) -> None:
    first = services.pulse.tick()
    services.pulse.tick()
    async with listening(http, services, f"/api/live?after={first.id}") as events:
        pass
    assert len(events[0][2]["at"]) == 1


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example.org", "http://localhost:9999", "https://localhost.evil.org", "null", "http://["],
)
async def test_a_foreign_page_may_not_listen(
    http: httpx.AsyncClient, services: Services, origin: str
) -> None:
    services.pulse.close()
    answer = await http.get("/api/live", headers={"Origin": origin})
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert "ALLOWED_ORIGINS" in answer.json()["detail"]


@pytest.mark.parametrize("origin", ["http://localhost:8501", "https://wall.example.org"])
async def test_our_own_page_and_one_that_the_operator_named_may(
    http: httpx.AsyncClient, services: Services, origin: str
) -> None:
    async with listening(http, services, origin=origin) as events:
        pass
    assert len(events) == 1


async def test_a_name_that_merely_resolves_to_this_machine_is_foreign(
    http: httpx.AsyncClient, services: Services
) -> None:
    services.pulse.close()
    headers = {"Origin": "http://rebound.example.org:8501", "Host": "rebound.example.org:8501"}
    assert (await http.get("/api/live", headers=headers)).status_code == 403


async def test_ids_of_any_length_break_nothing(http: httpx.AsyncClient, services: Services) -> None:
    services.pulse.close()
    assert (await http.get("/api/live", headers={"Last-Event-ID": "x" * 51})).status_code == 422
