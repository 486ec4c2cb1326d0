"""The slowest requests on the Endpoints page: as dots, in a table, and opened."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashboard import data, slow_requests
from dashboard.ranges import TimeAxis
from db import histogram, latency
from db import slow_requests as stored
from db.requests import RequestRecorder
from db.slowest import SlowRequest
from tests.dashboard.conftest import House, Open, said

NOW = datetime.now(UTC) - timedelta(minutes=2)


def row(**changes: Any) -> dict[str, Any]:
    return {
        "id": 1,
        "at": NOW,
        "route": "/api/stats",
        "method": "GET",
        "status": 200,
        "seconds": 0.4,
        "sql_seconds": 0.1,
        **changes,
    }


async def keep_slow(house: House, route: str, seconds: float, **noted: list[float]) -> None:
    ended = NOW.timestamp()
    await latency.add(
        house.db, "me", {int(ended // 10) * 10: {(route, "GET", 2): histogram.counts_of([seconds])}}
    )
    await stored.add(house.db, "me", [SlowRequest(route, "GET", 200, seconds, ended, ("sort",), dict(noted))])


def test_dots_tell_what_took_the_time() -> None:
    axis = TimeAxis(NOW - timedelta(hours=1), NOW, 60, False)
    found = [row(), row(id=2, sql_seconds=0.3), row(id=3, status=503, sql_seconds=0.3)]
    figure = slow_requests.dots(found, UTC, axis)
    assert {trace.name: list(trace.customdata) for trace in figure.data} == {
        "mostly its own time": [1],
        "mostly SQL": [2],
        "failed": [3],
    }
    assert figure.layout.yaxis.type == "log"


def test_statements_side_by_side_are_no_more_than_the_whole() -> None:
    assert slow_requests.sql_percent(row(sql_seconds=1.2)) == 100
    assert slow_requests.sql_percent(row(seconds=0.0)) == 0


def test_a_request_is_opened_with_its_statements(house: House, open_page: Open) -> None:
    house.do(keep_slow(house, "/api/stats", 0.2))
    house.do(keep_slow(house, "/api/subreddits", 0.5, **{"SELECT 1": [3, 0.4]}))
    app = open_page("endpoints")
    table = next(one.value for one in app.dataframe if "sql_share" in one.value)
    assert list(table["name"]) == ["GET /api/subreddits", "GET /api/stats"]
    assert list(table["sql_share"]) == [pytest.approx(80), 0]
    (found, _) = house.do(
        stored.between(house.db, NOW - timedelta(hours=1), NOW + timedelta(hours=1), ["GET"])
    )
    app.session_state[slow_requests.OPENED] = found["id"]
    app.run()
    assert not app.exception
    statements = app.dataframe[-1].value.to_dict("records")
    assert [(one["statement"], one["calls"], one["ms"]) for one in statements] == [
        ("SELECT ?", 3, pytest.approx(400))
    ]
    assert "Parameters: sort" in said(app)
    assert "Jobs that ran meanwhile: none" in said(app)


def test_what_pages_read_is_timed_as_theirs(house: House) -> None:
    requests = RequestRecorder()
    house.connect(requests=requests)
    data.asked("jobs", lambda db: db.rows("runs.by_job"))
    house.do(house.db.close())
    with pytest.raises(data.Unavailable):
        data.asked("jobs", lambda db: db.rows("runs.by_job"))
    requests.drain()
    assert {key: one.count for key, one in requests.totals.items()} == {
        ("page jobs", "PAGE", 2): 1,
        ("page jobs", "PAGE", 5): 1,
    }


def test_a_page_read_notes_its_statements(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    requests = RequestRecorder()
    house.connect(requests=requests)
    data.asked("jobs", lambda db: db.rows("runs.by_job"))
    later = datetime.now(UTC).timestamp() + 60
    monkeypatch.setattr(requests, "_clock", lambda: later)
    (one,) = requests.drain_slow()
    assert [calls for calls, _ in one.trace.values()] == [1]
    assert one.route == "page jobs"
