"""The probes page: what is said, what is hidden, and that forms refuse in place and lose nothing."""

import time
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import data
from dashboard.data import HIDDEN, Definition
from dashboard.kept import forget
from db import latency, probe_tests, probes
from db.histogram import counts_of
from db.probes import Check, Standing
from tests.dashboard.conftest import House, Open, said
from tests.stored import sql

SHOP = Definition(
    "Shop *1*", "https://shop.example.org/health?token=s3cret", "POST", {"Authorization": "Bearer s3cret"}, "s3cret"
)  # fmt: skip


def add(house: House, definition: Definition = SHOP) -> int:
    found = house.do(probes.add(house.db, definition))
    assert found is not None
    return found


def go_down(house: House, minutes: float = 5) -> None:
    """Let the only probe have been down for so long."""
    now = datetime.now(UTC)
    (probe,) = house.do(probes.claim(house.db, 5))
    check = Check(now, 0.25, 503, "answered 503 Service Unavailable", now + timedelta(days=9.4))
    assert house.do(probes.store(house.db, probe, check, Standing("down", now - timedelta(minutes=minutes))))


def measure(house: House, probe_id: int, well: int, failed: int) -> None:
    """Checks of a minute ago, each of 100 ms."""
    at = int(time.time() - 60) // 10 * 10
    route = probes.label(probe_id)
    counted = {(route, "PROBE", 2): counts_of([0.1] * well), (route, "PROBE", 5): counts_of([0.1] * failed)}
    house.do(latency.add(house.db, "me", {at: counted}))


def opened(app: AppTest, button: str) -> AppTest:
    next(one for one in app.button if one.label == button).click()
    return app.run()


def stored(house: House) -> list[dict[str, Any]]:
    return list(house.do(probes.all_of_them(house.db)))


def test_without_probes_it_teaches_and_asks_nobody(house: House, open_page: Open) -> None:
    app = open_page("probes")
    assert "No probes yet" in said(app)
    assert "Subpulse asks nobody until you add one" in said(app)
    assert [button.label for button in app.button] == ["Add a probe"]


def test_the_list_says_how_it_stands_and_shows_no_secret(house: House, open_page: Open) -> None:
    probe_id = add(house)
    go_down(house)
    measure(house, probe_id, 3, 1)
    app = open_page("probes")
    (row,) = app.dataframe[0].value.to_dict("records")
    assert (row["name"], list(row["state"])) == ("Shop *1*", ["✕ down", "! TLS ends soon"])
    assert (row["availability"], row["seconds"], round(row["p95"])) == (75.0, 250.0, 100)
    assert round(row["tls"], 1) == 9.4
    assert row["place"] == "https://shop.example.org/health?…"
    assert row["outage"].startswith("now, for 5 min")
    assert {metric.label: metric.value for metric in app.metric}["Available"] == "75.00 %"
    assert "Last check: answered 503 Service Unavailable" in said(app)
    assert r"Shop \*1\*" in app.subheader[0].value
    (outage,) = app.dataframe[1].value.to_dict("records")
    assert outage["reasons"] == "answered 503 Service Unavailable"
    assert len(app.get("plotly_chart")) == 1
    assert "s3cret" not in said(app) + str(app.dataframe[0].value.to_dict())


def test_a_link_opens_the_probe_it_names(house: House, open_page: Open) -> None:
    add(house)
    second = add(house, Definition("Zebra", "https://zebra.example.org/"))
    assert "GET https://zebra.example.org/" in said(open_page("probes", probe=str(second)))
    assert "POST https://shop.example.org" in said(open_page("probes", probe="nonsense"))


def test_adding_refuses_in_place_loses_nothing_and_then_adds(house: House, open_page: Open) -> None:
    app = opened(open_page("probes"), "Add a probe")
    app.text_input(key="probe-url").input("shop.example.org")
    app.text_area(key="probe-headers").input("Authorization: Bearer s3cret")
    app.number_input(key="probe-every_seconds").set_value(5)
    opened(app, "Save")
    assert "Nothing was saved: see what is red above." in said(app)
    for part in ("Give it a name", "Write a whole URL", "From 10 to 86,400"):
        assert part in said(app).replace("\\", "")
    app.run()
    assert "Nothing was saved" in said(app), "also when the page runs by itself"
    assert app.text_area(key="probe-headers").value == "Authorization: Bearer s3cret"
    app.text_input(key="probe-url").input("https://shop.example.org/")
    app.text_input(key="probe-name").input(" Shop ")
    app.number_input(key="probe-every_seconds").set_value(30)
    opened(app, "Save")
    (row,) = stored(house)
    assert (row["name"], row["every_seconds"]) == ("Shop", 30)
    assert row["headers"] == {"Authorization": "Bearer s3cret"}
    app.run()
    assert app.query_params["probe"] in (str(row["id"]), [str(row["id"])])
    assert not any(one.key == "probe-url" for one in app.text_input), "the dialog is closed"


def test_editing_hides_headers_and_keeps_those_left_alone(house: House, open_page: Open) -> None:
    add(house)
    app = opened(open_page("probes"), "Edit")
    assert app.text_area(key="probe-headers").value == f"Authorization: {HIDDEN}"
    app.text_area(key="probe-headers").input(f"Authorization: {HIDDEN}\nX-Team: shop")
    app.text_input(key="probe-name").input("Store")
    opened(app, "Save")
    (row,) = stored(house)
    assert row["headers"] == {"Authorization": "Bearer s3cret", "X-Team": "shop"}
    assert (row["name"], row["revision"]) == ("Store", 2)


def test_a_name_that_is_taken_is_said_beneath_it(house: House, open_page: Open) -> None:
    add(house)
    app = opened(open_page("probes"), "Add a probe")
    app.text_input(key="probe-name").input(SHOP.name)
    app.text_input(key="probe-url").input("https://other.example.org/")
    opened(app, "Save")
    assert "Another probe has this name" in said(app)
    assert "Nothing was saved: another probe has this name." in said(app)
    assert len(stored(house)) == 1


def test_an_edit_of_what_was_deleted_meanwhile_is_closed_and_said(house: House, open_page: Open) -> None:
    probe_id = add(house)
    app = opened(open_page("probes"), "Edit")
    house.do(probes.remove(house.db, probe_id))
    forget()  # as five seconds would
    opened(app, "Save")
    assert "No probes yet" in said(app)
    assert not any(one.key == "probe-url" for one in app.text_input)


def test_pausing_and_going_on(house: House, open_page: Open) -> None:
    add(house)
    app = opened(open_page("probes"), "Pause")
    assert stored(house)[0]["paused"]
    assert list(app.dataframe[0].value["state"][0]) == ["‖ paused"]
    opened(app, "Go on")
    assert not stored(house)[0]["paused"]


def test_deleting_asks_first(house: House, open_page: Open) -> None:
    add(house)
    app = opened(open_page("probes"), "Delete")
    assert "its outages are forgotten" in said(app)
    app.button(key="probe_keep").click().run()
    assert len(stored(house)) == 1
    opened(app, "Delete")
    app.button(key="probe_delete").click().run()
    assert stored(house) == []


@pytest.fixture
def answering(house: House) -> list[Definition]:
    """A process whose job answers tests at once; what it was asked."""
    asked: list[Definition] = []

    async def run_job(name: str) -> None:
        assert name == "check_probes"
        for test, definition in await probe_tests.take(house.db):
            asked.append(definition)
            found = {"seconds": 0.25, "status": 503, "reason": "answered 503", "tls_ends_at": None}
            await probe_tests.answer(house.db, test, found)

    async def pause_job(name: str, paused: bool) -> None:
        raise AssertionError(name)

    house.connect(run_job=run_job, pause_job=pause_job)
    return asked


def test_testing_shows_what_came_of_it_and_keeps_nothing(
    house: House, open_page: Open, answering: list[Definition]
) -> None:
    add(house)
    app = opened(open_page("probes"), "Test now")
    assert answering == [SHOP]
    assert "status 503 · 250 ms · no TLS" in said(app)
    assert "Answered 503" in said(app)
    assert house.do(sql(house.db, "SELECT count(*) FROM probe_tests")) == [(0,)]
    (row,) = stored(house)
    assert (row["checked_at"], row["state"]) == (None, "unknown")


def test_what_is_not_saved_yet_can_be_tested(
    house: House, open_page: Open, answering: list[Definition]
) -> None:
    app = opened(open_page("probes"), "Add a probe")
    app.text_input(key="probe-name").input("New")
    app.text_input(key="probe-url").input("https://new.example.org/")
    opened(app, "Test now")
    assert [one.name for one in answering] == ["New"]
    assert "not as expected" in said(app)
    assert stored(house) == []


def test_nobody_who_could_test_is_said(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("dashboard.data.probes"), "TAKEN_UP_WITHIN_SECONDS", 0)
    with pytest.raises(data.ActionFailed, match="no worker took it up within 0 s"):
        data.try_probe(Definition("New", "https://new.example.org/", timeout_seconds=0.1))
