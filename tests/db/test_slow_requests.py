"""The slowest requests of each minute: chosen in memory, stored with their statements, read with what ran beside."""

from datetime import UTC, datetime, timedelta

import pytest

from db import runs, slow_requests, slowest, trace
from db.database import Database
from db.requests import RequestRecorder
from db.statements import statements

NOW = 1_800_000_030.0


@pytest.fixture
def clock() -> list[float]:
    return [NOW]


@pytest.fixture
def recorder(clock: list[float]) -> RequestRecorder:
    return RequestRecorder(lambda: clock[0])


def test_each_route_keeps_its_slowest_of_each_minute(recorder: RequestRecorder, clock: list[float]) -> None:
    for at, seconds in ((0, 0.1), (10, 0.3), (20, 0.2), (60, 0.05)):
        clock[0] = NOW + at
        recorder.add("/api/stats", "GET", 200, seconds)
        recorder.second()
    recorder.add("page overview", "PAGE", 200, 0.01)
    clock[0] = NOW + 120
    found = [(one.route, one.seconds, one.ended_at - NOW) for one in recorder.drain_slow()]
    assert found == [("/api/stats", 0.3, 10.0), ("/api/stats", 0.05, 60.0), ("page overview", 0.01, 60.0)]
    assert recorder.drain_slow() == []


def test_a_minute_that_is_not_over_is_kept_back(recorder: RequestRecorder, clock: list[float]) -> None:
    recorder.add("/api/stats", "GET", 200, 0.1)
    assert recorder.drain_slow() == []
    clock[0] = NOW + 30
    assert len(recorder.drain_slow()) == 1


def test_of_many_routes_the_slowest_of_a_minute_are_kept(
    recorder: RequestRecorder, clock: list[float]
) -> None:
    for number in range(3 * slowest.PER_MINUTE):
        recorder.add(f"/api/{number}", "GET", 200, (7 * number % 30 + 1) / 10)
    clock[0] = NOW + 60
    kept = sorted(one.seconds for one in recorder.drain_slow())
    assert kept == [(30 - number) / 10 for number in reversed(range(slowest.PER_MINUTE))]


def test_probes_are_not_among_them(recorder: RequestRecorder, clock: list[float]) -> None:
    recorder.add("probe 7", "PROBE", 599, 30.0)
    clock[0] = NOW + 60
    assert recorder.drain_slow() == []


def test_an_outage_costs_the_oldest_minutes(recorder: RequestRecorder, clock: list[float]) -> None:
    for minute in range(slowest.MINUTES_KEPT + 5):
        clock[0] = NOW + 60 * minute
        recorder.add("/api/stats", "GET", 200, 0.1)
        recorder.put_back_slow(recorder.drain_slow())
        recorder.second()
    clock[0] += 60
    assert len(recorder.drain_slow()) == slowest.MINUTES_KEPT


def test_what_was_put_back_comes_again(recorder: RequestRecorder, clock: list[float]) -> None:
    recorder.add("/api/stats", "GET", 200, 0.1)
    clock[0] = NOW + 60
    drained = recorder.drain_slow()
    recorder.put_back_slow(drained)
    assert recorder.drain_slow() == drained


@pytest.mark.parametrize(
    ("route", "query", "names"),
    [
        ("/api/stats", b"", ()),
        ("/api/subreddits/{name}", b"secret=1&sort=new&secret=2&empty", ("name", "secret", "sort", "empty")),
        ("/api/stats", b"%00=1&" + b"x" * 500 + b"=2", ("?", "x" * 60)),
        (
            "/api/stats",
            b"&".join(b"a%d" % number for number in range(500)),
            tuple(f"a{n}" for n in range(20)),
        ),
    ],
)
def test_parameters_are_told_by_name_only(route: str, query: bytes, names: tuple[str, ...]) -> None:
    assert slowest.parameter_names(route, query) == names


async def test_they_are_stored_with_their_statements_and_read_with_jobs_that_ran_meanwhile(
    db: Database,
) -> None:
    now = datetime.now(UTC) - timedelta(seconds=5)
    for job, began in (
        ("before", now - timedelta(hours=1)),
        ("meanwhile", now - timedelta(seconds=1)),
        ("private", now - timedelta(seconds=1)),
    ):
        run = await runs.start(db, job, "me", began, 0, {}, None)
        if job == "before":
            done = began + timedelta(minutes=1)
            await runs.finish(db, run, runs.Finish("succeeded", done, 60, 1, 0, 0, None, None))
    clock = [now.timestamp()]
    recorder = RequestRecorder(lambda: clock[0])
    noted = trace.begin()
    trace.note(statements()["subreddits.one"], 0.2)
    trace.note(statements()["subreddits.one"], 0.1)
    trace.note("SELECT   1", 0.05)
    recorder.add("/api/subreddits/{name}", "GET", 200, 0.5, noted, b"full=1")
    recorder.add("page overview", "PAGE", 200, 0.4)
    clock[0] += 60
    await slow_requests.add(db, "me", recorder.drain_slow())

    since, until = now - timedelta(minutes=1), now + timedelta(minutes=1)
    (found,) = await slow_requests.between(db, since, until, ["GET"], but=["private"])
    assert (found["route"], found["status"], found["seconds"]) == ("/api/subreddits/{name}", 200, 0.5)
    assert found["at"] == now
    assert found["parameters"] == ["name", "full"]
    assert (found["calls"], found["sql_seconds"]) == (3, pytest.approx(0.35))
    assert [(one["statement"], one["calls"], one["seconds"]) for one in found["statements"]] == [
        ("subreddits.one", 2, pytest.approx(0.3)),
        ("SELECT ?", 1, 0.05),
    ]
    assert found["jobs"] == ["meanwhile"]
    assert len(await slow_requests.between(db, since, until, ["GET", "PAGE"])) == 2
    assert not await slow_requests.between(db, since, until, ["GET"], route="/api/stats")
    assert not await slow_requests.between(db, until, until + timedelta(hours=1), ["GET"])
