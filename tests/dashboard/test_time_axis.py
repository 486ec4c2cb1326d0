"""One time axis for all pages of an operator."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from plotly.io import from_json
from streamlit.testing.v1 import AppTest

from dashboard import live
from dashboard.live import Asked
from dashboard.ranges import short
from db import deployments, runs
from tests.dashboard.conftest import House, Open, said

PAGES = ("endpoints", "cache", "database", "system", "jobs", "sources")


def url(app: AppTest) -> dict[str, str]:
    return {name: value if isinstance(value, str) else value[0] for name, value in app.query_params.items()}


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


async def a_run(
    house: House, seconds_ago: float, seconds: float, outcome: runs.Outcome = "succeeded"
) -> None:
    began = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    run = await runs.start(house.db, "collect_posts", "here", began, 2**20, {}, None)
    how = runs.Finish(outcome, began + timedelta(seconds=seconds), seconds, 1.0, 2**21, 2**20, 7, None)
    await runs.finish(house.db, run, how)


async def deployed(house: House, what: str) -> None:
    await deployments.add(house.db, what, "0.1.0")
    async with house.db.transaction() as session:
        await session.connection.execute("UPDATE deployments SET at = at - interval '1 minute'")


def figures(app: AppTest) -> list[Any]:
    return [from_json(chart.proto.spec) for chart in app.get("plotly_chart")]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_it_and_the_last_hour_is_the_default(house: House, open_page: Open, page: str) -> None:
    app = open_page(page)
    assert app.selectbox(key="axis_range").value == "1h"
    assert url(app)["range"] == "1h"
    assert "steps of 30 s · anew every 30 s" in said(app)


def test_a_range_in_the_address_is_taken(house: House, open_page: Open) -> None:
    app = open_page("jobs", range="2y")
    assert app.selectbox(key="axis_range").value == "2y"
    assert url(app)["range"] == "2y"


def test_what_is_chosen_on_one_page_is_there_on_the_next(house: House, open_page: Open) -> None:
    app = open_page("jobs")
    app.selectbox(key="axis_range").select("6h").run()
    assert url(app)["range"] == "6h"
    app.query_params.clear()  # as a click on another page does
    app.switch_page("dashboard/pages/cache.py").run()
    assert app.selectbox(key="axis_range").value == "6h"
    assert url(app)["range"] == "6h"


def test_what_is_drawn_on_the_overview_is_the_range_of_the_page_it_leads_to(
    house: House, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=9)
    found = {"panel": "y3", "from": at.timestamp(), "to": (at + timedelta(minutes=4)).timestamp()}
    assert live.drawn(found) == Asked("system", (at, at + timedelta(minutes=4)))
    monkeypatch.setattr(live, "show", lambda jobs: live.drawn(found | {"panel": "y4"}))
    app = open_page("overview")
    assert url(app) == {"from": short(at), "to": short(at + timedelta(minutes=4))}
    assert press(app, "Back").selectbox(key="axis_range").value == "1h"


def test_nonsense_in_the_address_is_said_and_the_default_is_shown(house: House, open_page: Open) -> None:
    app = open_page("jobs", range="century")
    assert "“century”" in app.warning[0].value
    assert "This is the last hour." in app.warning[0].value
    assert url(app) == {"range": "1h"}


def test_two_moments_in_the_address_are_shown_in_the_viewers_zone(house: House, open_page: Open) -> None:
    day = (datetime.now(UTC) - timedelta(days=2)).date()
    app = open_page("jobs", **{"from": f"{day}T10:00Z", "to": f"{day}T11:30:20Z"})
    assert app.selectbox(key="axis_range").value == "from-to"
    noon = datetime(day.year, day.month, day.day, 10, tzinfo=UTC).astimezone(ZoneInfo("Europe/Berlin"))
    assert f"{noon:%H}:00:00 – {noon.hour + 1:02}:30:20 · steps of 30 s" in said(app)
    assert "anew" not in said(app)
    assert url(app) == {"from": f"{day}T1000Z", "to": f"{day}T113020Z"}


def test_whole_minutes_to_choose_from_hold_the_range(house: House, open_page: Open) -> None:
    day = (datetime.now(UTC) - timedelta(days=2)).date()
    app = open_page("jobs", **{"from": f"{day}T10:00:40Z", "to": f"{day}T11:30:20Z"})
    press(app, "Show")
    assert url(app) == {"from": f"{day}T1000Z", "to": f"{day}T1131Z"}


def test_there_is_no_earlier_than_anything_is_kept(house: House, open_page: Open) -> None:
    app = open_page("jobs", **{"from": "0001-01-01T0000Z", "to": "0001-01-01T0100Z"})
    assert "more than two years ago" in app.warning[0].value
    app = open_page("jobs", range="2y")
    press(app, "Earlier")
    before = url(app)
    press(app, "Earlier")
    assert "nothing is kept so long" in app.warning[0].value
    assert url(app) == before


def test_earlier_later_and_back(house: House, open_page: Open) -> None:
    app = open_page("jobs")
    assert next(button for button in app.button if button.label == "Later").disabled
    press(app, "Earlier")
    first = url(app)
    assert set(first) == {"from", "to"}
    press(app, "Earlier")
    assert url(app)["to"] == first["from"]
    press(app, "Back")
    assert url(app) == first
    press(app, "Back")
    assert url(app) == {"range": "1h"}
    assert next(button for button in app.button if button.label == "Back").disabled


def test_bands_of_job_runs_can_be_switched_off_in_the_address_too(house: House, open_page: Open) -> None:
    house.do(a_run(house, 600, 300))
    app = open_page("jobs")
    names = [shape.name for shape in figures(app)[0].layout.shapes]
    assert "jobs" in names
    app.toggle(key="axis_jobs").set_value(False).run()
    assert url(app)["jobs"] == "off"
    assert not figures(app)[0].layout.shapes
    app = open_page("jobs", jobs="off")
    assert not app.toggle(key="axis_jobs").value
    app.toggle(key="axis_jobs").set_value(True).run()
    assert "jobs" not in url(app)
    assert figures(app)[0].layout.shapes


def test_jobs_that_every_process_runs_all_the_time_are_no_bands(house: House, open_page: Open) -> None:
    house.connect(job_list=[{"name": "collect_posts", "summary": "", "every_seconds": 10, "shared": False}])
    house.do(a_run(house, 600, 300))
    assert not figures(open_page("jobs"))
    assert not figures(open_page("jobs", job="collect_posts"))[0].layout.shapes


def test_deployments_are_lines_on_the_charts(house: House, open_page: Open) -> None:
    house.do(a_run(house, 600, 1))
    house.do(deployed(house, "new index"))
    figure = figures(open_page("jobs"))[0]
    assert [label.text for label in figure.layout.annotations] == ["new index"]


def test_a_finger_on_a_chart_scrolls_the_page(house: House, open_page: Open, monkeypatch: Any) -> None:
    house.do(a_run(house, 600, 1))
    assert figures(open_page("jobs"))[0].layout.dragmode == "select"
    monkeypatch.setattr("dashboard.time_axis.on_touch", lambda: True)
    assert figures(open_page("jobs"))[0].layout.dragmode is False
