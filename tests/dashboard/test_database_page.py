"""The Database page: every view with data, without, and while a database is away or tells little."""

from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.data import statements as data
from dashboard.data.postgresql import Finding, Verdict
from dashboard.database import finding, health, index_changes, indexes
from dashboard.kept import forget
from db import samples
from db.diagnosis.tables import TableSize, Upkeep
from db.statements import statements
from tests.dashboard.conftest import House, Open, said
from tests.dashboard.databases import execute, ran, table, was_slow

VIEWS = ("Health", "Statements", "Slow statements", "Indexes", "Connections")
MIB = 2**20


def lately() -> tuple[datetime, datetime]:
    now = datetime.now(UTC)
    return now - timedelta(hours=1), now


def metrics(app: AppTest) -> dict[str, tuple[str, str]]:
    return {metric.label: (metric.value, metric.delta) for metric in app.metric}


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_opens_on_an_empty_database(house: House, open_page: Open, view: str) -> None:
    app = open_page("database", view=view)
    assert not app.error
    expected = {
        "Health": "fsync is off",  # as servers of tests are
        "Statements": "No statements in this range",
        "Slow statements": "No slow statement in this range",
        "Indexes": "No statement of the last days lacks an index",
        "Connections": "Nobody waits for a lock",
    }
    assert expected[view] in said(app)


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_says_that_our_own_database_is_down(house: House, open_page: Open, view: str) -> None:
    house.db.down_reason = "connection refused"
    app = open_page("database", view=view)
    assert "The database does not answer" in app.error[0].value


def test_the_health_of_a_database_is_told_with_what_to_run(house: House, open_page: Open) -> None:
    execute(house, "CREATE INDEX posts_twice ON posts (id)")
    app = open_page("database")
    words = said(app)
    assert "1 to watch" in words
    assert "A duplicate index" in words
    assert "DROP INDEX CONCURRENTLY subpulse_sandbox.posts_twice" in [code.value for code in app.code]
    assert set(metrics(app)) == {
        "Size",
        "Found in memory",
        "Connections",
        "Transaction ids used",
        "Deadlocks",
        "Temporary files",
    }
    assert "subpulse_sandbox.posts" in [row["table"] for row in table(app, "dead")]
    assert "What would let us see more" in words


def test_a_partitioned_table_is_a_row_with_the_work_of_all_its_partitions() -> None:
    early, late = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)

    def work(name: str, root: str, dead: int, vacuumed_at: datetime | None) -> Upkeep:
        return Upkeep(
            table=name, is_partitioned=name == root, root=root, rows=10, dead_rows=dead, changed_rows=1,
            vacuumed_at=vacuumed_at, analyzed_at=None, by_itself=True, dead_rows_due=50, changed_rows_due=50,
            being_vacuumed=False, has_statistics=True, server_started_at=early,
        )  # fmt: skip

    sizes = [
        TableSize("visits", 2, 20, 3 * MIB, 0, MIB, 4 * MIB),
        TableSize("new", 0, 0, 0, 0, 0, 0),
    ]
    upkeep = [
        work("visits_0", "visits", 3, early),
        work("visits_1", "visits", 4, late),
        work("gone", "gone", 9, None),
    ]
    first, second = health.table_rows(sizes, upkeep, {"visits": 2.0 * MIB})
    assert (first["table"], first["mib"], first["grown"], first["index_share"]) == ("visits", 4, 2, 25)
    assert (first["dead"], first["changed"], first["vacuumed"], first["analyzed"]) == (7, 2, late, None)
    assert (second["table"], second["grown"], second["index_share"]) == ("new", None, None)


def test_statements_come_dearest_first_and_the_chosen_one_is_opened(house: House, open_page: Open) -> None:
    house.do(ran(house, "runs.controls", "page jobs", 0.02, 10, statements()["runs.controls"]))
    house.do(ran(house, "queue.depth", "job prune", 0.01, 4, statements()["queue.depth"]))
    app = open_page("database", view="Statements")
    rows = table(app, "reuse")
    assert [(row["statement"], row["calls"], round(row["mean"])) for row in rows] == [
        ("runs.controls", 10, 20),
        ("queue.depth", 4, 10),
    ]
    assert "Choose a row" in said(app)
    app.session_state["statement"] = "queue.depth"
    app.run()
    words = said(app)
    assert "Plan as of now, for any parameters" in words
    assert "of the estimated cost lies in" in words
    assert [row["asker"] for row in table(app, "asker")] == ["job prune"]


def test_who_asked_is_chosen_in_the_address(house: House, open_page: Open) -> None:
    house.do(ran(house, "runs.controls", "page jobs", 0.02))
    house.do(ran(house, "queue.depth", "job prune", 0.01))
    app = open_page("database", view="Statements", asker="job prune")
    assert [row["statement"] for row in table(app, "reuse")] == ["queue.depth"]
    app.selectbox(key="asker_box").select("page jobs").run()
    assert app.query_params["asker"] == "page jobs"
    assert [row["statement"] for row in table(app, "reuse")] == ["runs.controls"]
    assert "No statements in this range" in said(
        open_page("database", view="Statements", asker="<b>nobody</b>")
    )


def test_what_the_overview_says_of_slow_statements_stands_here_too(house: House, open_page: Open) -> None:
    slow = {
        "name": "Database",
        "state": "warning",
        "word": "Slow queries",
        "detail": "9 over 100 ms in 5 min",
    }
    house.connect(present=lambda: {"verdicts": [slow]})
    words = said(open_page("database"))
    assert "This process\\: 9 over 100 ms in 5 min" in words
    assert "Nothing is wrong" not in words


def test_the_slowest_statement_is_opened_until_one_is_chosen_that_stays_so(
    house: House, open_page: Open
) -> None:
    house.do(was_slow(house, "SELECT count(*) FROM posts", "page jobs", 0.3, minutes_ago=2))
    house.do(was_slow(house, "SELECT id FROM posts", "job prune", 0.2, minutes_ago=1))
    app = open_page("database", view="Slow statements")
    assert [row["statement"] for row in table(app, "types")] == [
        "SELECT id FROM posts",
        "SELECT count(*) FROM posts",
    ]
    assert "The slowest of these: SELECT count" in said(app)
    assert "Plan with its own parameters" in said(app)
    newest, _ = data.slow_log(*lately(), None, None)
    app.session_state["slow_statement"] = newest.id
    app.run()
    house.do(was_slow(house, "SELECT title FROM posts", "job prune", 0.4, minutes_ago=0.5))
    forget()
    app.run()
    assert len(table(app, "types")) == 3
    assert "The slowest of these" not in said(app)
    assert "SELECT id FROM posts" in [code.value for code in app.code]


def test_where_more_was_slow_than_is_kept_the_page_says_why(house: House, open_page: Open) -> None:
    house.do(ran(house, "SELECT id FROM posts", "job prune", 0.2, calls=2))
    house.do(was_slow(house, "SELECT id FROM posts", "job prune", 0.2, minutes_ago=1))
    assert "only the slowest in ten seconds is kept" in said(open_page("database", view="Slow statements"))


def test_the_pool_is_told_in_words_in_figures_and_over_time(house: House, open_page: Open) -> None:
    readings = {
        "pool_size": 4.0,
        "pool_in_use": 1.0,
        "pool_waiting": 0.0,
        "pool_wait": 0.5,
        "prepared_reuse": 80.0,
    }
    at = datetime.now(UTC) - timedelta(minutes=1)
    house.do(samples.add(house.db, "app", "app-1", at, {**readings, "pool_oldest": 90.0, "pool_reuse": 7.0}))
    app = open_page("database", view="Connections")
    assert "Whoever needs a connection gets one at once" in said(app)
    found = metrics(app)
    assert found["In use"] == ("0", "of 2 open, 4 at most")
    assert (found["Wait, p95"][0], found["Prepared"][0]) == ("0.5 ms", "80.0 %")
    charts = {chart.proto.id.split("axis-chart-")[1].rpartition("-")[0] for chart in app.get("plotly_chart")}
    assert charts == {
        "Pool",
        "Wait for a connection",
        "Prepared statements",
        "Age of connections",
        "Uses of a connection",
    }


def test_a_pool_that_is_used_up_is_called_so(house: House, open_page: Open) -> None:
    house.do(
        samples.add(house.db, "app", "app-1", datetime.now(UTC) - timedelta(minutes=1), {"pool_wait": 700.0})
    )
    words = said(open_page("database", view="Connections"))
    assert "Long waits for a connection" in words
    assert "DATABASE\\_POOL\\_SIZE" in words


def test_what_is_wrong_is_said_in_a_line() -> None:
    bad, watch = Finding("bad", "A", ""), Finding("watch", "B", "")
    assert "Nothing is wrong with this database" in health.headline(Verdict([], []))
    assert (
        health.headline(Verdict([bad, watch, watch], []))
        == f"{finding.SIGNS['bad']} **1 bad and 2 to watch**"
    )
    assert health.headline(Verdict([watch], [])) == f"{finding.SIGNS['watch']} **1 to watch**"


def test_what_is_not_known_of_indexes_is_no_zero() -> None:
    assert [value for _, value, _ in indexes.figures(None, None)] == ["—", "—", "—", "—"]
    assert [value for _, value, _ in indexes.figures([], [])] == ["—", "—", "0", "0 B"]


def test_changes_are_told_before_and_after() -> None:
    assert index_changes.before_and_after([1000.0, 200.0], [5.0, 3.0], "{:,.0f}") == "1,200 → 8"
    assert index_changes.before_and_after([1.0], [None], "{:,.2f} ms") == "1.00 ms → —"
    assert index_changes.before_and_after([1.0, None], [1.0, 1.0], "{:,.0f}") is None
    assert index_changes.before_and_after([], [], "{:,.0f}") is None
