"""Every page, with data, without, and while the database is down."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.kept import forget
from db import details, histogram, latency, runs, subreddits
from tests.dashboard.conftest import House, Open, said
from tests.factories import subreddit

PAGES = (
    "overview",
    "endpoints",
    "cache",
    "database",
    "jobs",
    "sources",
    "subreddits",
    "community",
    "instagram",
    "instagram_account",
)
ON_DATABASE = tuple(page for page in PAGES if page != "overview")
NEVER_EMPTY = ("overview", "database")  # PostgreSQL itself can always be looked at
JOB_LIST = [{"name": "refresh_subreddits", "summary": "Refreshes.", "every_seconds": 60, "shared": True}]


def now() -> datetime:
    return datetime.now(UTC)


def lately() -> datetime:
    """Before the five seconds within which all viewers ask the same."""
    return now() - timedelta(seconds=10)


async def add_requests(house: House, route: str, count: int, seconds: float, status_class: int = 2) -> None:
    counts = histogram.counts_of([seconds] * count)
    start = int(lately().timestamp() // 10) * 10
    await latency.add(house.db, "here", {start: {(route, "GET", status_class): counts}})


async def add_run(house: House, job: str, outcome: runs.Outcome, error: str | None = None) -> None:
    began = now() - timedelta(minutes=2)
    run = await runs.start(house.db, job, "here", began, 300 * 2**20, {}, None)
    how = runs.Finish(
        outcome, began + timedelta(seconds=72), 72.0, 1.5, 412 * 2**20, 310 * 2**20, 1204, error
    )
    await runs.finish(house.db, run, how)


def buttons(app: AppTest) -> dict[str, Any]:
    return {button.label: button for button in app.button}


async def add_communities(house: House, *records: Any) -> None:
    async with house.db.transaction() as session:
        await subreddits.merge(session, records)


@pytest.mark.parametrize("page", PAGES)
def test_it_opens_on_an_empty_database_and_says_so(house: House, open_page: Open, page: str) -> None:
    app = open_page(page)
    assert not app.error
    words = said(app)
    assert page in NEVER_EMPTY or any(word in words for word in ("No ", "Nothing "))


@pytest.mark.parametrize("page", ON_DATABASE)
def test_it_says_that_the_database_is_down(house: House, open_page: Open, page: str) -> None:
    house.db.down_reason = "connection refused"
    app = open_page(page, name="Teapots")
    assert "The database does not answer" in app.error[0].value
    assert "connection refused" in said(app)
    assert "comes back by itself" in said(app)


def test_the_overview_needs_no_database(house: House, open_page: Open) -> None:
    house.db.down_reason = "connection refused"
    assert not open_page("overview").error


def test_it_comes_back_with_the_database(house: House, open_page: Open) -> None:
    house.db.down_reason = "connection refused"
    app = open_page("jobs")
    assert app.error
    house.db.down_reason = None
    app.run()
    assert not app.error


@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_that_its_data_is_invented(house: House, open_page: Open, page: str) -> None:
    assert "REDDIT_CLIENT_ID" in open_page(page).code[0].value


def test_no_page_says_so_of_reddit(house: House, open_page: Open) -> None:
    from settings import Settings

    house.connect(settings=Settings(reddit_client_id="id", reddit_client_secret="secret"))
    assert not open_page("overview").code


def test_the_overview_mounts_the_live_component(house: House, open_page: Open) -> None:
    house.connect(job_list=JOB_LIST)
    (component,) = open_page("overview").get("bidi_component")
    assert component.proto.component_name == "subpulse_live"
    assert "refresh_subreddits" in component.proto.json


def test_endpoints_shows_each_route_with_its_errors(house: House, open_page: Open) -> None:
    house.do(add_requests(house, "/api/stats", 98, 0.010))
    house.do(add_requests(house, "/api/stats", 2, 0.200, status_class=5))
    app = open_page("endpoints")
    (row,) = app.dataframe[0].value.to_dict("records")
    assert row["name"] == "GET /api/stats"
    assert (row["count"], row["errors"]) == (100, 2.0)
    assert row["p50"] == pytest.approx(10, rel=0.011)
    assert len(app.get("plotly_chart")) == 4


def test_what_pages_ask_is_attributed_to_them(house: House, open_page: Open) -> None:
    open_page("jobs")
    assert "page jobs" in {asker for _, asker in house.recorder.drain().together}


def test_jobs_shows_runs_with_duration_memory_and_error(house: House, open_page: Open) -> None:
    house.connect(job_list=JOB_LIST)
    house.do(add_run(house, "refresh_subreddits", "succeeded"))
    house.do(add_run(house, "refresh_subreddits", "failed", "403 from the source"))
    app = open_page("jobs")
    (job,) = app.dataframe[0].value.to_dict("records")
    assert (job["runs"], job["failures"], job["mean"], job["rise"]) == (2, 1, "1 min 12 s", "112 MiB")
    failed, succeeded = app.dataframe[1].value.to_dict("records")
    assert (failed["outcome"], failed["error"]) == ("✕ failed", "403 from the source")
    assert (succeeded["wall"], succeeded["memory_peak"], succeeded["items"]) == ("1 min 12 s", 412.0, 1204)


def test_an_import_is_among_the_jobs_and_cannot_be_started_here(house: House, open_page: Open) -> None:
    async def nothing(*_: Any) -> None:
        pass

    house.connect(job_list=JOB_LIST, run_job=nothing, pause_job=nothing)
    house.do(add_run(house, "import", "succeeded"))
    app = open_page("jobs", job="import")
    row = app.dataframe[0].value.to_dict("records")[-1]
    assert (row["job"], row["state"], row["every"], row["runs"]) == ("import", "ended", "by hand", 1)
    assert buttons(app)["Run now"].disabled
    assert buttons(app)["Pause"].disabled
    assert list(app.dataframe[1].value["job"]) == ["import"]


def test_a_job_is_chosen_then_run_and_paused(house: House, open_page: Open) -> None:
    asked = []

    async def run_job(name: str) -> None:
        asked.append(name)

    async def pause_job(name: str, paused: bool) -> None:
        await runs.pause(house.db, name, paused)

    house.connect(job_list=JOB_LIST, run_job=run_job, pause_job=pause_job)
    assert buttons(open_page("jobs"))["Run now"].disabled
    app = open_page("jobs", job="refresh_subreddits")
    buttons(app)["Run now"].click().run()
    assert asked == ["refresh_subreddits"]
    assert "was asked to run now" in app.toast[0].value
    buttons(app)["Pause"].click().run()
    assert app.dataframe[0].value["state"][0] == "paused"
    assert "Go on" in buttons(app)


def test_a_job_that_cannot_be_started_says_why(house: House, open_page: Open) -> None:
    async def refuse(*_: Any) -> None:
        raise RuntimeError("the queue is closed")

    house.connect(job_list=JOB_LIST, run_job=refuse, pause_job=refuse)
    app = open_page("jobs", job="refresh_subreddits")
    buttons(app)["Run now"].click().run()
    assert "the queue is closed" in app.toast[0].value


def test_a_community_that_hides_its_figures_is_unknown_not_zero(house: House, open_page: Open) -> None:
    house.do(add_communities(house, subreddit(subscribers=None, over18=None)))
    (row,) = open_page("subreddits").dataframe[0].value.to_dict("records")
    assert row["audience"] == "unknown"
    assert row["subscribers"] is None or row["subscribers"] != row["subscribers"]
    metrics = {metric.label: metric.value for metric in open_page("community", name="Teapots").metric}
    assert (metrics["Subscribers"], metrics["Audience"]) == ("unknown", "unknown")


def test_subreddits_narrows_by_the_words_in_the_address(house: House, open_page: Open) -> None:
    house.do(
        add_communities(
            house, subreddit(), subreddit(id="t5_2", name="Kettles", title="Kettles", description="Boil.")
        )
    )
    app = open_page("subreddits", q="kett")
    assert list(app.dataframe[0].value["name"]) == ["Kettles"]
    assert "1 to 1 of 1 communities" in said(app)
    assert "No community matches" in said(open_page("subreddits", q="samovar"))


def test_subreddits_goes_page_by_page(house: House, open_page: Open) -> None:
    house.do(
        add_communities(house, *(subreddit(id=f"t5_{n}", name=f"N{n}", subscribers=n) for n in range(60)))
    )
    app = open_page("subreddits")
    assert len(app.dataframe[0].value) == 50
    app.button[1].click().run()
    assert len(app.dataframe[0].value) == 10
    assert "51 to 60 of 60" in said(app)
    assert app.button[1].disabled
    app.button[0].click().run()
    assert "1 to 50 of 60" in said(app)


def test_hostile_text_is_shown_as_text(house: House, open_page: Open) -> None:
    hostile = "<script>alert(1)</script> **bold** [x](javascript:alert(1))"
    house.do(add_communities(house, subreddit(title=hostile, description=hostile)))
    app = open_page("community", name="teapots")
    assert [text.value for text in app.text].count(hostile) == 2
    assert not any(hostile in str(element.value) for element in app.markdown)


def test_a_table_can_be_exported_without_formulas(house: House, open_page: Open) -> None:
    house.do(add_communities(house, subreddit(title="=cmd()")))
    assert list(open_page("subreddits").dataframe[0].value["title"]) == ["'=cmd()"]


async def add_rules(house: House) -> None:
    rules = [{"short_name": "Pour slowly", "description": "<b>No</b> spilling."}]
    async with house.db.transaction() as session:
        await details.keep(session, "t5_1", rules, {"title_text_min_length": 20})


def test_what_a_post_must_be_like_is_said_in_words(house: House, open_page: Open) -> None:
    house.do(add_communities(house, subreddit()))
    assert "No rules read yet" in said(open_page("community", name="teapots"))
    house.do(add_rules(house))
    forget()
    texts = [text.value for text in open_page("community", name="teapots").text]
    assert "• Title: at least 20 characters" in texts
    assert "1. Pour slowly\n<b>No</b> spilling." in texts


def test_a_community_nobody_saw_says_so(house: House, open_page: Open) -> None:
    assert "No such community" in said(open_page("community", name="nowhere"))
