import httpx

from api.health import KEPT_SECONDS
from api.services import Services


async def test_it_is_kept_for_a_second_at_most(http: httpx.AsyncClient, services: Services) -> None:
    await http.get("/health")
    await http.get("/health")
    kept = services.cache.namespaces["/health"]
    assert kept.stats()["hits"] == 1
    assert KEPT_SECONDS <= 1


async def test_a_part_that_breaks_shows_in_the_next_answer(
    http: httpx.AsyncClient, broken: dict[str, str]
) -> None:
    assert (await http.get("/health")).status_code == 200
    broken["database"] = "away"
    down = await http.get("/health")
    assert (down.status_code, down.json()["reason"]) == (503, "database: away")
    broken["database"] = "still away"
    assert (await http.get("/health")).json()["reason"] == "database: still away"
    broken.clear()
    assert (await http.get("/health")).status_code == 200
