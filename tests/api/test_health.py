import httpx

from settings import VERSION


async def test_when_every_part_works_it_is_ok(http: httpx.AsyncClient) -> None:
    answer = await http.get("/health")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        "status": "ok",
        "reason": None,
        "parts": {"database": {"ok": True, "reason": None}, "queue": {"ok": True, "reason": None}},
        "source": {"name": "sandbox", "state": "alive"},
        "version": VERSION,
    }


async def test_a_broken_part_is_down_and_says_why(http: httpx.AsyncClient, broken: dict[str, str]) -> None:
    broken["queue"] = "the worker does not run"
    answer = await http.get("/health")
    assert answer.status_code == 503
    body = answer.json()
    assert (body["status"], body["reason"]) == ("down", "queue: the worker does not run")
    assert body["parts"]["database"]["ok"] is True
    assert body["parts"]["queue"] == {"ok": False, "reason": "the worker does not run"}
    broken["database"] = "no such file"
    assert "database: no such file; queue: " in (await http.get("/health")).json()["reason"]
    broken.clear()
    assert (await http.get("/health")).status_code == 200
