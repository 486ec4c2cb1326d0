"""The Database page's reports: the newest one, earlier ones, and the lever that makes one."""

from datetime import UTC, datetime, timedelta

from streamlit.testing.v1 import AppTest

from db import reports
from db.reports import Report
from tests.dashboard.conftest import House, Open, said
from tests.db.test_reports import a_report

NOW = datetime.now(UTC)


def opened(open_page: Open) -> AppTest:
    return open_page("database", view="Reports")


def test_without_a_report_the_view_says_when_one_comes(house: House, open_page: Open) -> None:
    app = opened(open_page)
    assert "No report yet" in said(app)
    assert not app.dataframe
    assert not app.get("download_button")


def test_the_newest_report_is_opened_with_all_that_it_found(house: House, open_page: Open) -> None:
    house.do(reports.add(house.db, a_report(at=NOW)))
    app = opened(open_page)
    text = said(app)
    for told in (
        "An unused index",
        "What Subpulse ran",
        "What others ran",
        "It was analyzed",
        "Nobody may look",
    ):
        assert told in text.replace("\\", "")
    own, others, bloat = (frame.value for frame in app.dataframe)
    assert list(own["statement"]) == ["posts.page", "runs.tick"]
    assert list(own["change"]) == ["▲ 50 % more", "new"]
    assert list(own["mean"]) == [50.0, 50.0]
    assert (list(others["role"]), list(bloat["wasted"])) == (["reports"], [100.0])
    assert {"DROP INDEX idle", "CREATE INDEX idle ON t (a)", "CREATE …", "GRANT pg_monitor TO me"} <= {
        code.value for code in app.code
    }
    assert len(app.get("download_button")) == 1


def test_a_healthy_database_is_told_so(house: House, open_page: Open) -> None:
    house.do(reports.add(house.db, Report("own", NOW)))
    text = said(opened(open_page))
    for told in (
        "Nothing was wrong",
        "No statement lacked",
        "nothing took much more",
        "statistics were fresh",
    ):
        assert told in text


def test_an_earlier_report_can_be_chosen_and_a_new_one_opens_by_itself(house: House, open_page: Open) -> None:
    for days in (14, 7):
        house.do(reports.add(house.db, Report("own", NOW - timedelta(days=days), failure=f"{days} days ago")))
    app = opened(open_page)
    assert [text.value for text in app.text] == ["7 days ago"]
    (box,) = (box for box in app.selectbox if box.label == "Report of")
    assert len(box.options) == 2
    box.select_index(1).run()
    assert [text.value for text in app.text] == ["14 days ago"]
    house.do(reports.add(house.db, Report("own", NOW, failure="just now")))
    house.connect()  # forgets what was kept
    app.run()
    assert [text.value for text in app.text] == ["just now"]


def test_a_report_is_made_at_a_click(house: House, open_page: Open) -> None:
    started = []

    async def run_job(name: str) -> None:
        started.append(name)

    async def pause_job(_: str, __: bool) -> None: ...

    house.connect(run_job=run_job, pause_job=pause_job)
    app = opened(open_page)
    next(one for one in app.button if one.label == "Make a report now").click().run()
    assert started == ["optimize_databases"]
    assert "being made" in app.toast[0].value


def test_a_process_without_jobs_makes_none(house: House, open_page: Open) -> None:
    (make,) = (one for one in opened(open_page).button if one.label == "Make a report now")
    assert make.disabled
    assert "runs no jobs" in make.help
