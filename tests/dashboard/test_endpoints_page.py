"""The Endpoints page: objectives, error budgets, the period before, and whose requests."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from streamlit.proto.Metric_pb2 import Metric as MetricProto
from streamlit.testing.v1 import AppTest

from dashboard import data, endpoints
from db import histogram, latency, probes
from db.probe_definition import Definition
from settings import Objectives, Settings
from tests.dashboard.conftest import House, Open, said
from tests.stored import sql

STATS = ("/api/stats", "GET")


async def ask(
    house: House, series: tuple[str, str], durations: list[float], status: int = 2, minutes_ago: float = 1
) -> None:
    at = (datetime.now(UTC) - timedelta(minutes=minutes_ago)).timestamp()
    counts = {int(at // 10) * 10: {(*series, status): histogram.counts_of(durations)}}
    await latency.add(house.db, "here", counts)


def rows(app: AppTest) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in app.dataframe[0].value.to_dict("records")}


def metrics(app: AppTest) -> dict[str, tuple[str, str]]:
    return {metric.label: (metric.value, metric.delta) for metric in app.metric}


def test_an_objective_is_met_or_missed_and_its_budget_is_used(house: House, open_page: Open) -> None:
    house.do(ask(house, STATS, [0.050] * 98 + [0.500] * 2))
    house.do(ask(house, ("/health", "GET"), [0.050] * 10))
    app = open_page("endpoints")
    found = rows(app)
    assert list(found) == ["GET /health", "GET /api/stats"]  # what is missed comes first
    assert (found["GET /api/stats"]["verdict"], found["GET /health"]["verdict"]) == ("✓ met", "✕ missed")
    assert found["GET /api/stats"]["budget"] == pytest.approx(40)  # 2 of the 5 that may be
    assert found["GET /health"]["budget"] == pytest.approx(2000)
    assert metrics(app)["Objectives"] == ("✕ 1 missed", "of 2 endpoints")
    assert metrics(app)["Error budget used"] == ("2,000 %", "by GET /health")
    colors = {metric.label: MetricProto.MetricColor.Name(metric.proto.color) for metric in app.metric}
    assert colors == {"Objectives": "RED", "Error budget used": "RED", "Requests": "GRAY", "Errors": "GRAY"}


def test_an_objective_below_a_millisecond_is_not_rounded(house: House, open_page: Open) -> None:
    house.do(ask(house, STATS, [0.050]))

    def shown(objectives: str) -> str:
        house.connect(settings=Settings(objectives=Objectives.parse(objectives)))
        columns = json.loads(open_page("endpoints").dataframe[0].proto.columns)
        return str(columns["objective"]["type_config"]["format"])

    assert (shown("*=0.5"), shown("*=1001")) == ("%,.1f", "%,.0f")


def test_apdex_counts_tolerable_requests_half_and_failed_ones_not(house: House, open_page: Open) -> None:
    house.connect(settings=Settings(objectives=Objectives.parse("*=100")))
    house.do(ask(house, STATS, [0.050] * 6 + [0.300] * 2 + [0.900]))
    house.do(ask(house, STATS, [0.001], status=5))
    assert rows(open_page("endpoints"))["GET /api/stats"]["apdex"] == pytest.approx(0.7)


def test_requests_of_the_api_pages_and_probes_are_told_apart(house: House, open_page: Open) -> None:
    for series in (STATS, ("page jobs", "PAGE"), ("probe Shop", "PROBE")):
        house.do(ask(house, series, [0.5]))
    assert list(rows(open_page("endpoints"))) == ["GET /api/stats"]
    assert list(rows(open_page("endpoints", kind="Dashboard"))) == ["page jobs"]
    (probe,) = rows(open_page("endpoints", kind="Probes")).values()
    assert (probe["name"], probe["verdict"]) == ("probe Shop", "no objective")
    assert len(rows(open_page("endpoints", kind="All"))) == 3


def test_a_probe_is_called_by_its_name_as_long_as_it_is_there(house: House, open_page: Open) -> None:
    shop = house.do(probes.add(house.db, Definition("Shop", "https://shop.example.org/")))
    assert shop is not None
    for route in (probes.label(shop), probes.label(shop + 1)):
        house.do(ask(house, (route, "PROBE"), [0.5]))
    found = rows(open_page("endpoints", kind="Probes"))
    assert set(found) == {f"Shop (probe {shop})", f"probe {shop + 1}"}


def test_each_endpoint_stands_beside_the_period_before(house: House, open_page: Open) -> None:
    house.do(sql(house.db, "UPDATE rolled_up SET until = until - interval '1 hour'"))
    house.do(ask(house, STATS, [0.010] * 4, minutes_ago=7))
    house.do(ask(house, STATS, [0.020] * 2))
    house.do(ask(house, ("/health", "GET"), [0.001]))
    found = rows(open_page("endpoints", range="5m"))
    stats = found["GET /api/stats"]
    assert re.fullmatch(r"▲ (9|10)\d % slower", stats["p95_change"])  # a histogram is within 1 %
    assert stats["rate_change"] == "▼ 50 % fewer"
    assert stats["rate"] == pytest.approx(2 / 5)
    assert found["GET /health"]["p95_change"] == "new"


def test_the_endpoint_in_the_charts_stands_in_the_address(house: House, open_page: Open) -> None:
    house.do(ask(house, STATS, [0.05] * 3))
    app = open_page("endpoints", endpoint="GET /api/stats")
    assert app.selectbox(key="endpoint_box").value == "GET /api/stats"
    app.selectbox(key="endpoint_box").select(endpoints.ALL).run()
    assert "endpoint" not in app.query_params
    app.selectbox(key="endpoint_box").select("GET /api/stats").run()
    value = app.query_params["endpoint"]
    assert (value if isinstance(value, str) else value[0]) == "GET /api/stats"


def test_an_endpoint_that_nobody_asked_stays_chosen(house: House, open_page: Open) -> None:
    house.do(ask(house, STATS, [0.05]))
    app = open_page("endpoints", endpoint="GET /api/<b>nothing</b>")
    assert app.selectbox(key="endpoint_box").value == "GET /api/<b>nothing</b>"
    assert "in this range" in said(app)
    assert "<b>" not in said(app).replace(r"\<b\>", "")
    assert not app.get("plotly_chart")


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [
        (1.2, 1.0, "▲ 20 % slower"),
        (0.8, 1.0, "▼ 20 % faster"),
        (1.04, 1.0, "≈ alike"),
        (30.0, 1.0, "▲ 30 times"),
        (1.0, None, "new"),
        (1.0, 0.0, "new"),
    ],
)
def test_a_change_has_an_arrow_and_a_word(now: float, before: float | None, words: str) -> None:
    assert data.change(now, before, "slower", "faster") == words
